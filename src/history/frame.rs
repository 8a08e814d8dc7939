//! All series of one server over one stretch of time, as the bytes of one row.
//!
//! One row for a server and a minute, not one for each series: 500 servers touch 500 pages a minute
//! instead of 6000, and a row's overhead is paid once. An entry is the metric's number (LEB128), a
//! byte with the count of readings (seven bits, 127 for more) whose high bit says that all readings
//! were equal, and then the mean, and where they were not equal the least and the greatest
//! (IEEE 754 single, little-endian).

use std::collections::BTreeMap;

use super::tally::Tally;

/// Metric numbers to what was read.
pub type Frame = BTreeMap<u32, Tally>;

const EQUAL: u8 = 0x80;
const MOST: u32 = 0x7f;

/// As bytes.
pub fn encode(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(frame.len() * 15);
    for (metric, tally) in frame {
        let mut number = *metric;
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        let equal = tally.min.to_bits() == tally.max.to_bits();
        bytes.push(tally.count.min(MOST) as u8 | if equal { EQUAL } else { 0 });
        let mean = if equal { tally.min } else { tally.mean() };
        bytes.extend_from_slice(&mean.to_le_bytes());
        if !equal {
            bytes.extend_from_slice(&tally.min.to_le_bytes());
            bytes.extend_from_slice(&tally.max.to_le_bytes());
        }
    }
    bytes
}

/// From bytes; `None` where they are not what [`encode`] writes.
pub fn decode(mut bytes: &[u8]) -> Option<Frame> {
    let mut frame = Frame::new();
    while !bytes.is_empty() {
        let metric = take_number(&mut bytes)?;
        let (head, rest) = bytes.split_first()?;
        bytes = rest;
        let mean = take_value(&mut bytes)?;
        let (min, max) =
            if head & EQUAL == 0 { (take_value(&mut bytes)?, take_value(&mut bytes)?) } else { (mean, mean) };
        frame.insert(metric, Tally::from_parts(min, mean, max, u32::from(head & !EQUAL)));
    }
    Some(frame)
}

fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A value that is no number is no reading, whoever wrote it.
fn take_value(bytes: &mut &[u8]) -> Option<f32> {
    let (value, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(f32::from_le_bytes(*value)).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            entries in prop::collection::btree_map(any::<u32>(), (any::<i16>(), 0u16..99, 1u32..127), 0..20)
        ) {
            let frame: Frame = entries
                .into_iter()
                .map(|(metric, (low, range, count))| {
                    let (min, max) = (f32::from(low), f32::from(low) + f32::from(range));
                    (metric, Tally::from_parts(min, f32::midpoint(min, max), max, count))
                })
                .collect();
            prop_assert_eq!(decode(&encode(&frame)), Some(frame));
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_torn_row_is_not_half_believed() {
        let bytes = encode(&Frame::from([(3, Tally::from_parts(1.0, 2.0, 3.0, 9))]));
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
    }
}

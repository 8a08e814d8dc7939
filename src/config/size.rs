//! Sizes as people write them: `256MiB`, `1GiB`.

use crate::domain::quantity::Bytes;

const UNITS: [(&str, u32); 5] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

/// Reads a whole number with a binary unit (IEC 80000-13); nothing without a unit.
pub fn parse(text: &str) -> Option<Bytes> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim();
    let (_, shift) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.parse::<u64>().ok()?.checked_mul(1 << shift).map(Bytes)
}

/// Writes it in the largest unit that leaves a whole number.
pub fn show(bytes: Bytes) -> String {
    UNITS
        .iter()
        .find(|(_, shift)| bytes.0 > 0 && bytes.0.trailing_zeros() >= *shift)
        .map_or_else(|| "0B".to_owned(), |(unit, shift)| format!("{}{unit}", bytes.0 >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_need_a_unit_and_fit() {
        assert_eq!(parse("256MiB"), Some(Bytes(256 << 20)));
        assert_eq!(parse("1 gib"), Some(Bytes(1 << 30)));
        assert_eq!([parse("256"), parse("MiB"), parse("99999999999TiB"), parse("")], [None; 4]);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: u64) {
            prop_assert_eq!(parse(&show(Bytes(bytes))), Some(Bytes(bytes)));
        }
    }
}

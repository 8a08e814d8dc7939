//! Whether an RDB file of Redis is whole: it says so itself, by its end and the sum of all before it.
//!
//! The format: `REDIS`, four digits, opcodes, 0xFF, then the CRC-64 (Jones) of everything before it, low
//! byte first; eight zeros where the server computes none. Replication may append a mark of forty bytes,
//! which is not part of it.

use bytes::{Bytes, BytesMut};

use super::Judge;

/// The end's opcode and the sum.
const END: usize = 9;
/// The mark of a replication that does not know its length beforehand.
const MARK: usize = 40;

/// Holds the last bytes back until it is known which of them belong to the file.
pub(super) struct Rdb {
    begins: Vec<u8>,
    held: BytesMut,
    crc: u64,
    table: Box<[u64; 256]>,
}

impl Rdb {
    pub(super) fn new() -> Self {
        Self { begins: Vec::new(), held: BytesMut::new(), crc: 0, table: table() }
    }

    fn sum(&self, from: u64, bytes: &[u8]) -> u64 {
        bytes.iter().fold(from, |crc, byte| {
            let at = (crc ^ u64::from(*byte)) & 0xff;
            self.table[usize::try_from(at).unwrap_or(0)] ^ (crc >> 8)
        })
    }

    /// Whether what is held ends a file after this many of its bytes.
    fn ends_after(&self, len: usize) -> bool {
        let Some((body, end)) = len.checked_sub(END).map(|at| (&self.held[..at], &self.held[at..len])) else {
            return false;
        };
        let Ok(told) = <[u8; 8]>::try_from(&end[1..]) else { return false };
        let told = u64::from_le_bytes(told);
        end[0] == 0xff && (told == 0 || told == self.sum(self.sum(self.crc, body), &end[..1]))
    }
}

impl Judge for Rdb {
    fn pass(&mut self, piece: Bytes) -> Bytes {
        if self.begins.len() < 5 {
            self.begins.extend(piece.iter().take(5 - self.begins.len()));
        }
        self.held.extend_from_slice(&piece);
        let over = self.held.len().saturating_sub(END + MARK);
        let on = self.held.split_to(over).freeze();
        self.crc = self.sum(self.crc, &on);
        on
    }

    fn end(&mut self) -> Result<Bytes, String> {
        if self.begins != b"REDIS" {
            return Err("what came is no RDB".to_owned());
        }
        let len = self.held.len();
        let ends = [Some(len), len.checked_sub(MARK)].into_iter().flatten().find(|&at| self.ends_after(at));
        match ends {
            Some(at) => {
                self.held.truncate(at);
                Ok(self.held.split().freeze())
            }
            None => Err("the RDB is not whole: its end or its sum is wrong".to_owned()),
        }
    }
}

/// The table of CRC-64/REDIS: polynomial 0xad93d23594c935a9, reflected, begun with zero.
fn table() -> Box<[u64; 256]> {
    const REFLECTED: u64 = 0xad93_d235_94c9_35a9_u64.reverse_bits();
    let mut table = Box::new([0; 256]);
    for (n, entry) in (0_u64..).zip(table.iter_mut()) {
        *entry = (0..8).fold(n, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ REFLECTED } else { crc >> 1 });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: &[u8], pieces: usize) -> Result<Vec<u8>, String> {
        let mut rdb = Rdb::new();
        let mut out = Vec::new();
        for piece in bytes.chunks(pieces) {
            out.extend_from_slice(&rdb.pass(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&rdb.end()?);
        Ok(out)
    }

    fn file() -> Vec<u8> {
        let mut file = b"REDIS0011".to_vec();
        file.extend((0..200_u8).map(|n| n ^ 0x55));
        file.push(0xff);
        let crc = Rdb::new().sum(0, &file);
        file.extend(crc.to_le_bytes());
        file
    }

    #[test]
    fn the_sum_is_that_of_redis() {
        // The check value of the catalog of CRC parameters.
        assert_eq!(Rdb::new().sum(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn a_whole_one_passes_as_it_is_and_without_the_mark() {
        let file = file();
        for pieces in [1, 7, 1000] {
            assert_eq!(judge(&file, pieces).as_ref(), Ok(&file));
            let marked = [file.as_slice(), &[b'm'; 40]].concat();
            assert_eq!(judge(&marked, pieces).as_ref(), Ok(&file));
        }
    }

    #[test]
    fn a_cut_or_changed_one_is_refused() {
        let file = file();
        assert!(judge(&file[..file.len() - 1], 64).is_err());
        assert!(judge(&file[..20], 64).is_err());
        let mut changed = file.clone();
        changed[30] ^= 1;
        assert!(judge(&changed, 64).is_err());
        assert!(judge(b"", 1).is_err());
    }
}

//! The output of a command without a terminal: two streams in one, in frames.

/// What a frame begins with: which stream, three zeros, its length.
/// <https://docs.docker.com/reference/api/engine/version/v1.43/#tag/Container/operation/ContainerAttach>
const HEADER: usize = 8;

/// Takes frames apart as they come.
#[derive(Debug, Default)]
pub struct Frames {
    header: Vec<u8>,
    left: usize,
}

impl Frames {
    /// The pieces of what came, each with whether it is of the error output.
    pub fn take<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<(bool, &'a [u8])> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            if self.left == 0 {
                let more = (HEADER - self.header.len()).min(bytes.len());
                // One that is whole was of a frame that is over.
                self.header.extend_from_slice(&bytes[..more]);
                bytes = &bytes[more..];
                if let [_, _, _, _, a, b, c, d] = self.header[..] {
                    self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                    if self.left == 0 {
                        self.header.clear();
                    }
                }
                continue;
            }
            let (piece, rest) = bytes.split_at(self.left.min(bytes.len()));
            pieces.push((self.header.first() == Some(&2), piece));
            self.left -= piece.len();
            if self.left == 0 {
                self.header.clear();
            }
            bytes = rest;
        }
        pieces
    }
}

/// The standard output of all that came, as text.
pub(super) fn unframed(bytes: &[u8]) -> String {
    let out: Vec<u8> = Frames::default()
        .take(bytes)
        .into_iter()
        .filter(|(error, _)| !error)
        .flat_map(|(_, piece)| piece.to_vec())
        .collect();
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_are_taken_apart_however_they_come(
            frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12),
            cuts in prop::collection::vec(1usize..30, 1..20),
        ) {
            let mut bytes = Vec::new();
            for (error, text) in &frames {
                bytes.extend([if *error { 2 } else { 1 }, 0, 0, 0]);
                bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
                bytes.extend(text);
            }
            let (mut out, mut rest, mut apart) = ([Vec::new(), Vec::new()], &bytes[..], Frames::default());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                for (error, piece) in apart.take(now) {
                    out[usize::from(error)].extend_from_slice(piece);
                }
                rest = later;
            }
            for error in [false, true] {
                let all: Vec<u8> = frames.iter().filter(|it| it.0 == error).flat_map(|it| it.1.clone()).collect();
                prop_assert_eq!(&out[usize::from(error)], &all);
            }
        }
    }
}

//! Cuts a stream of bytes into lines, in bounded memory whatever comes.

use std::borrow::Cow;

use memchr::memchr;

use crate::domain::line::tidy::MAX_LINE;

/// More than what is kept of a line, so that one that is too long is seen to be.
const HELD: usize = MAX_LINE + 1;

/// The line that is not whole yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
}

impl Lines {
    /// Gives every line that these bytes end, without its newline.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut line: impl FnMut(&str)) {
        while let Some(end) = memchr(b'\n', bytes) {
            let (head, rest) = (&bytes[..end], &bytes[end + 1..]);
            if self.held.is_empty() {
                line(&text(head));
            } else {
                self.hold(head);
                line(&text(&self.held));
                self.held.clear();
            }
            bytes = rest;
        }
        self.hold(bytes);
    }

    /// Gives what is left when there will be no more.
    pub(super) fn finish(&mut self, line: impl FnOnce(&str)) {
        if !self.held.is_empty() {
            line(&text(&self.held));
            self.held.clear();
        }
    }

    /// Whether the next byte begins a line.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = HELD.saturating_sub(self.held.len());
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A line as text: bytes that are none are replaced, a carriage return before the newline is
/// dropped, and no more is looked at than is kept.
fn text(line: &[u8]) -> Cow<'_, str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(&line[..line.len().min(HELD)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(parts: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut out = Vec::new();
        for part in parts {
            lines.feed(part, |line| out.push(line.to_owned()));
        }
        lines.finish(|line| out.push(line.to_owned()));
        out
    }

    #[test]
    fn lines_are_whole_wherever_the_bytes_were_cut() {
        assert_eq!(cut(&[b"one\ntw", b"", b"o\r\n\nthr", b"ee"]), ["one", "two", "", "three"]);
    }

    #[test]
    fn a_line_of_ten_megabytes_takes_little_memory() {
        let mut lines = Lines::default();
        let mut got = 0;
        for _ in 0..160 {
            lines.feed(&vec![b'x'; 65_536], |_| panic!("there is no newline yet"));
            assert!(lines.held.len() <= HELD);
        }
        lines.feed(b"\nnext\n", |line| got += line.len());
        assert_eq!(got, HELD + 4);
    }

    proptest! {
        #[test]
        fn cutting_elsewhere_gives_the_same_lines(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), at in 0_usize..200) {
            let at = at.min(bytes.len());
            prop_assert_eq!(cut(&[&bytes]), cut(&[&bytes[..at], &bytes[at..]]));
        }
    }
}

//! Which lines go on with the record before them: stack traces and other records of several lines.

use std::time::Duration;

use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// The most lines that one record takes; what indents everything is not one record for ever.
const MAX_RECORD: u32 = 500;

/// A line that comes later than this after its record began is a record of its own.
const MAX_SPAN: Duration = Duration::from_secs(5);

/// Tells heads from continuations along one stream; it remembers where in a record the stream is.
#[derive(Clone, Debug, Default)]
pub struct Joiner {
    head: Option<Timestamp>,
    lines: u32,
    /// A Python traceback ends with the one line after its frames that is not indented.
    traceback: bool,
    /// Whether the record's first line told an error, of which an exception may be the rest.
    error: bool,
}

impl Joiner {
    /// Whether this next line of the stream goes on with the record before it.
    pub fn continues(&mut self, line: &str, at: Timestamp) -> bool {
        let near = self.head.is_some_and(|head| at.since(head) <= MAX_SPAN) && self.lines < MAX_RECORD;
        let ends_traceback = self.traceback && !line.starts_with(' ') && !line.is_empty();
        let thrown = self.error && self.lines == 1 && names_exception(line);
        let joined = near && (goes_on(line) || ends_traceback || thrown);
        self.traceback = line.starts_with("Traceback (most recent call last)")
            || (self.traceback && joined && !ends_traceback);
        if joined {
            self.lines += 1;
        } else {
            self.head = Some(at);
            self.lines = 1;
            self.error = false;
        }
        joined
    }

    /// Tells the level of the line that just began a record.
    pub fn began(&mut self, level: Level) {
        self.error = level >= Level::Error;
    }
}

/// Whether a line is what Java's loggers write below a message: the class of what was thrown, with
/// its package, and what it says.
fn names_exception(line: &str) -> bool {
    let class = line.split([':', ' ']).next().unwrap_or_default();
    let parts = class.split(['.', '$']);
    ["Exception", "Error", "Throwable", "Failure"].iter().any(|end| class.ends_with(end))
        && parts.clone().count() > 1
        && parts.into_iter().all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
}

/// Whether a line alone looks like the continuation of a record: indented, closing brackets, or
/// with the words by which stack traces of Java, Python, Go and Node go on.
pub fn goes_on(line: &str) -> bool {
    const STARTS: &[&str] =
        &["at ", "Caused by:", "Suppressed:", "Traceback (most recent call last)", "During handling of"];
    let Some(first) = line.bytes().next() else { return true };
    match first {
        b' ' | b'\t' => true,
        b'}' | b']' | b')' => line.bytes().all(|b| matches!(b, b'}' | b']' | b')' | b',' | b';')),
        b'.' => {
            line.starts_with("... ") && (line.ends_with(" more") || line.ends_with("common frames omitted"))
        }
        b'g' => line.starts_with("goroutine ") && line.ends_with("]:"),
        b'c' => line.starts_with("created by "),
        b'a' | b'C' | b'S' | b'T' | b'D' => STARTS.iter().any(|start| line.starts_with(start)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(lines: &[&str]) -> Vec<bool> {
        let mut joiner = Joiner::default();
        lines.iter().map(|line| !joiner.continues(line, Timestamp::from_secs(1))).collect()
    }

    #[test]
    fn a_java_trace_is_one_record() {
        assert_eq!(
            heads(&[
                "ERROR it broke",
                "java.lang.RuntimeException: no",
                "\tat shop.Cart.add(Cart.java:12)",
                "Caused by: java.io.IOException: disk",
                "    ... 12 more",
                "INFO next",
            ]),
            [true, true, false, false, false, true]
        );
    }

    #[test]
    fn a_python_traceback_takes_its_last_line_with_it() {
        assert_eq!(
            heads(&[
                "ERROR:root:failed",
                "Traceback (most recent call last):",
                "  File \"x.py\", line 1, in <module>",
                "ValueError: no",
                "INFO:root:next",
            ]),
            [true, false, false, false, true]
        );
    }

    #[test]
    fn a_go_panic_is_one_record() {
        assert_eq!(
            heads(&["panic: boom", "", "goroutine 1 [running]:", "main.main()", "\t/src/main.go:3 +0x1"]),
            [true, false, false, true, false]
        );
    }

    #[test]
    fn an_exception_belongs_to_the_error_before_it_and_to_nothing_else() {
        let joins = |level, line| {
            let mut joiner = Joiner::default();
            assert!(!joiner.continues("the first line", Timestamp::from_secs(1)));
            joiner.began(level);
            joiner.continues(line, Timestamp::from_secs(1))
        };
        assert!(joins(Level::Error, "java.lang.IllegalStateException: no"));
        assert!(joins(Level::Fatal, "shop.Pool$Error"));
        assert!(!joins(Level::Info, "java.lang.IllegalStateException: no"));
        assert!(!joins(Level::Error, "Error: no"));
        assert!(!joins(Level::Error, "see a/b.Error"));
    }

    #[test]
    fn nothing_goes_on_with_nothing_or_after_a_pause() {
        let mut joiner = Joiner::default();
        assert!(!joiner.continues("  indented", Timestamp::from_secs(0)));
        assert!(joiner.continues("  indented", Timestamp::from_secs(1)));
        assert!(!joiner.continues("  indented", Timestamp::from_secs(60)));
    }
}

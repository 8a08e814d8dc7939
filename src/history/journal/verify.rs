//! Whether a journal is as it was written.

use super::entry::{Entry, Written};
use super::file::hash;

/// A journal that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last, which stands for all of them; 64 zeros where there is none.
    pub head: String,
    /// How many lines were cut off by a kill and told as such.
    pub torn: u64,
}

/// Where a journal is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Wrong {
    /// The first line that is not, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Looks at every byte of a journal's text.
pub fn verify(text: &str) -> Result<Verified, Wrong> {
    let mut head = "0".repeat(64);
    let (mut entries, mut torn) = (0, 0);
    let mut cut: Option<(usize, &str)> = None;
    let mut rest = text;
    let mut line = 0;
    while !rest.is_empty() {
        line += 1;
        let wrong = |why| Wrong { line, why };
        let Some((this, after)) = rest.split_once('\n') else {
            return Err(wrong("it has no end: whoever wrote it was killed, the next entry will tell of it"));
        };
        rest = after;
        let Some(written) = this.split_once('\t').and_then(|(json, sum)| sound(json, sum)) else {
            if cut.replace((line, this)).is_some() {
                return Err(wrong("it is no entry, or was changed"));
            }
            continue;
        };
        if let Some((line, cut)) = cut.take() {
            // A line that is no entry is allowed only where the next one tells of exactly it.
            match &written.entry {
                Entry::Torn { text } if text == cut => torn += 1,
                _ => return Err(Wrong { line, why: "it is no entry, or was changed" }),
            }
        }
        if written.before != head {
            return Err(wrong("it does not follow the line before it: one was changed or taken out"));
        }
        if written.seq != entries + 1 {
            return Err(wrong("its number is not the next one"));
        }
        entries = written.seq;
        head = this.split_once('\t').map(|(_, sum)| sum.to_owned()).unwrap_or_default();
    }
    match cut {
        Some((line, _)) => Err(Wrong { line, why: "it is no entry, or was changed" }),
        None => Ok(Verified { entries, head, torn }),
    }
}

fn sound(json: &str, sum: &str) -> Option<Written> {
    if hash(json) != sum {
        return None;
    }
    serde_json::from_str(json).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Journal};
    use super::*;
    use crate::domain::run::{Outcome, RunId};
    use crate::domain::time::Timestamp;
    use proptest::prelude::*;

    fn ended(run: &str) -> Entry {
        let run = RunId::try_from(run.to_owned()).unwrap();
        Entry::RunEnded { run, outcome: Outcome::Done, because: None }
    }

    fn written(entries: usize) -> (tempfile::TempDir, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("deep/journal.jsonl"));
        for n in 0..entries {
            journal.append(Timestamp::from_secs(5), &[ended(&format!("r{n}"))]).unwrap();
        }
        (folder, journal)
    }

    #[test]
    fn what_was_appended_is_whole() {
        let (_folder, journal) = written(3);
        let verified = verify(&journal.read().unwrap()).unwrap();
        assert_eq!((verified.entries, verified.torn), (3, 0));
        assert_eq!(journal.entries().unwrap().len(), 3);
    }

    #[test]
    fn a_line_taken_out_is_found() {
        let (_folder, journal) = written(3);
        let text = journal.read().unwrap();
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines.remove(1);
        let without = lines.concat();
        assert_eq!(verify(&without).unwrap_err().line, 2);
    }

    #[test]
    fn a_line_cut_off_by_a_kill_is_told_and_the_rest_goes_on() {
        let (_folder, journal) = written(2);
        let text = journal.read().unwrap();
        std::fs::write(journal.path(), &text[..text.len() - 30]).unwrap();
        journal.append(Timestamp::from_secs(9), &[ended("r9")]).unwrap();
        let verified = verify(&journal.read().unwrap()).unwrap();
        assert_eq!((verified.entries, verified.torn), (3, 1));
    }

    #[test]
    fn many_at_once_keep_the_chain() {
        let (_folder, journal) = written(0);
        std::thread::scope(|scope| {
            for n in 0..4 {
                let journal = journal.clone();
                scope.spawn(move || {
                    for _ in 0..10 {
                        journal.append(Timestamp::from_secs(1), &[ended(&format!("r{n}"))]).unwrap();
                    }
                });
            }
        });
        assert_eq!(verify(&journal.read().unwrap()).unwrap().entries, 40);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn one_changed_byte_is_found(at in 0usize..10_000, to in 0u8..128) {
            let (_folder, journal) = written(3);
            let mut bytes = journal.read().unwrap().into_bytes();
            let at = at % bytes.len();
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(verify(&String::from_utf8(bytes).unwrap()).is_err());
        }
    }
}

//! The table of fault, step and resulting state in `docs/deploy-faults.md`: written by the tests
//! (`UPDATE=1`), and checked by them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// One fault's part of the table.
pub struct Table {
    fault: &'static str,
    rows: Vec<String>,
}

impl Table {
    pub fn new(fault: &'static str) -> Self {
        Self { fault, rows: Vec::new() }
    }

    /// What came of it at a step.
    pub fn row(&mut self, step: &str, state: &str) {
        // Which server and version it was is the test's own.
        let step = step.split_once(": ").map_or(step, |(_, title)| title);
        let words = step.split_whitespace().map(|word| {
            let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
            if plain.is_empty() {
                "N"
            } else if word.contains(':') && word.contains('/') {
                "IMAGE"
            } else {
                word
            }
        });
        self.rows.push(format!("| {} | {state} |", words.collect::<Vec<_>>().join(" ")));
    }

    /// It has so many steps at least, and the document says the same.
    pub fn check(self, least: usize) {
        assert!(self.rows.len() >= least, "the plan had fewer steps than it should: {:#?}", self.rows);
        let mut part = format!("## {}\n\n| Step | What comes of it |\n| --- | --- |\n", self.fault);
        let mut rows = self.rows;
        rows.dedup();
        for row in rows {
            writeln!(part, "{row}").unwrap();
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy-faults.md");
        let text = fs::read_to_string(&path).unwrap_or_default();
        if text.contains(&part) {
            return;
        }
        assert!(
            std::env::var_os("UPDATE").is_some(),
            "docs/deploy-faults.md does not say (UPDATE=1 writes it):\n{part}"
        );
        let head = format!("## {}\n", self.fault);
        let old = text.find(&head).map(|at| {
            let end = text[at + 3..].find("\n## ").map_or(text.len(), |end| at + 3 + end + 1);
            text[at..end].to_owned()
        });
        let text = match old {
            Some(old) => text.replace(&old, &(part + "\n")),
            None => text.trim_end().to_owned() + "\n\n" + &part,
        };
        fs::write(path, text.trim_end().to_owned() + "\n").unwrap();
    }
}

//! Lines as they are printed: merged, with their source before them, in color where it is seen.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::domain::level::Level;
use crate::domain::log_source::LogSource;
use crate::store::logs::{Cursor, Entry, Hits, LogStore, Matcher, Unsearched, search};

/// Threads that look for what is wanted.
const THREADS: usize = 2;

/// How lines are printed.
pub(super) struct Printer {
    json: bool,
    color: bool,
    /// How wide the source is, in columns.
    width: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    server: &'a str,
    source: &'a str,
    level: &'static str,
    text: &'a str,
    /// Lines that are missing here: how many, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<Missing>,
}

/// How many lines are missing: a number, or `null` where nobody counted.
#[derive(Serialize)]
#[serde(untagged)]
enum Missing {
    Lines(u64),
    Uncounted,
}

impl Printer {
    pub(super) fn new(sources: &[LogSource], json: bool) -> Self {
        let width = sources.iter().map(|it| it.to_string().chars().count()).max().unwrap_or(0).min(40);
        let color =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Self { json, color, width }
    }

    /// Prints what is wanted of all lines in the store. Whether there is still someone who reads.
    pub(super) fn print(&self, store: &LogStore, matcher: &Matcher) -> bool {
        let ids: Vec<_> = store.sources().map(|it| it.id).collect();
        let dropped: u64 = store.sources().map(|it| it.dropped).sum();
        if dropped > 0 {
            eprintln!("midwatch: the {dropped} oldest lines did not fit into memory; ask for a shorter time");
        }
        let hits = Mutex::new(Hits::default());
        let work = Unsearched::of(&store.snapshot(&ids), &Hits::default());
        search(&work, matcher, THREADS, &|| false, &|found| {
            let mut hits = hits.lock().unwrap_or_else(PoisonError::into_inner);
            for part in found {
                hits.take(part);
            }
        });
        let hits = hits.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for entry in store.merged(&ids, Some(&hits)).forward(Cursor::START) {
            let Some(source) = store.source(entry.cursor.source) else { continue };
            let text = if self.json { json(source, &entry) } else { self.text(source, &entry) };
            if writeln!(out, "{text}").is_err() {
                return false;
            }
        }
        out.flush().is_ok()
    }

    fn text(&self, source: &LogSource, entry: &Entry<'_>) -> String {
        let line = &entry.line;
        let (width, name) = (self.width, source.to_string());
        let head = format!("{} {name:<width$}", line.time.rfc3339());
        let mark = if line.gap.is_some() { "… " } else { "" };
        if !self.color {
            return format!("{head} {mark}{}", line.text);
        }
        let color = match line.level {
            Level::Fatal | Level::Error => "\x1b[31m",
            Level::Warn => "\x1b[33m",
            _ => "",
        };
        let end = if color.is_empty() { "" } else { "\x1b[0m" };
        format!("\x1b[2m{head}\x1b[0m {color}{mark}{}{end}", line.text)
    }
}

fn json(source: &LogSource, entry: &Entry<'_>) -> String {
    let line = Line {
        time: entry.line.time.rfc3339(),
        server: source.server.as_str(),
        source: source.stream.label(),
        level: entry.line.level.word(),
        text: entry.line.text,
        gap: entry.line.gap.map(|gap| gap.count.map_or(Missing::Uncounted, Missing::Lines)),
    };
    // Only strings and numbers: there is nothing in it that has no JSON form.
    serde_json::to_string(&line).unwrap_or_default()
}

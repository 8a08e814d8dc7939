//! One record, whole: all its fields one below the other, and its text unshortened.

use super::fold;
use crate::domain::line::fields::fields;
use crate::domain::text::clean;
use crate::state::State;
use crate::store::logs::Cursor;

/// The record that is shown, by its first line, and from which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Its first line.
    pub head: Cursor,
    /// The first row shown.
    pub first: usize,
}

/// One row before it is wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailLine {
    /// A field's name; empty for plain text.
    pub name: String,
    /// The value, or the text.
    pub text: String,
}

/// What is shown of the record: the fields of its first line where it has some, then the text of
/// every line. Empty where it was dropped.
pub fn lines(state: &State, detail: &Detail) -> Vec<DetailLine> {
    let record = fold::record(&state.logs, detail.head);
    let mut out = Vec::new();
    let fields = record.first().map(|line| fields(line)).unwrap_or_default();
    for (name, value) in fields {
        let mut rows = value.split('\n').map(|row| clean(row).into_owned());
        out.push(DetailLine { name: clean(&name).into_owned(), text: rows.next().unwrap_or_default() });
        out.extend(rows.map(|text| DetailLine { name: " ".to_owned(), text }));
    }
    if !out.is_empty() {
        out.push(DetailLine { name: String::new(), text: String::new() });
    }
    out.extend(record.into_iter().map(|text| DetailLine { name: String::new(), text: text.to_owned() }));
    out
}

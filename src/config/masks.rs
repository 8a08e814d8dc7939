//! What a report must not show even where a section was not read, or could not be: guesses, by the
//! names of keys. What a section knows to be a secret is taken down by the pass itself.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Span;

/// Whether what stands under a key of this name, or in a text with this word in it, may be a secret.
pub(super) fn may_be_secret(text: &str) -> bool {
    const PARTS: [&str; 8] = ["pass", "pwd", "url", "token", "auth", "secret", "key", "cookie"];
    let text = text.to_ascii_lowercase();
    PARTS.iter().any(|part| text.contains(part))
}

/// The values of a document that may be secrets: texts under such a key, and texts with a user in
/// them, as URLs have.
pub(super) fn values(document: &DeTable<'_>) -> Vec<Span> {
    let mut masks = Vec::new();
    table(document, &mut masks);
    masks
}

fn table(entries: &DeTable<'_>, masks: &mut Vec<Span>) {
    for (key, it) in entries {
        value(may_be_secret(key.get_ref()) && !key.get_ref().eq_ignore_ascii_case("url"), it, masks);
    }
}

fn value(secret: bool, it: &Spanned<DeValue<'_>>, masks: &mut Vec<Span>) {
    match it.get_ref() {
        DeValue::Table(entries) => table(entries, masks),
        DeValue::Array(list) => list.iter().for_each(|it| value(secret, it, masks)),
        DeValue::String(text) if secret || text.contains("://") && text.contains(['@', '?']) => {
            masks.push(it.span());
        }
        DeValue::Integer(_) | DeValue::Float(_) if secret => masks.push(it.span()),
        _ => {}
    }
}

/// The lines that may hold a secret, by their key's name: where the syntax is broken, nobody can
/// say where a value begins and ends.
pub(super) fn lines(text: &str) -> Vec<Span> {
    let mut masks = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\r', '\n']);
        if let Some((key, value)) = body.split_once('=')
            && (may_be_secret(key) || may_be_secret(value))
        {
            masks.push(at + key.len() + 1..at + body.len());
        }
        at += line.len();
    }
    masks
}

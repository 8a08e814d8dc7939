//! The documentation of the configuration: the example, and the page that is made from it and from
//! what the loader knows, so that neither can lag behind the code.

use std::collections::BTreeSet;

use super::known_keys;
use super::walk::Known;

/// The example with every key, as it stands beside the sources.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// `docs/configuration.md`. Headings of the example become headings, comments right under a heading
/// become text, the rest is shown as it is; each part ends with a table of its keys.
pub fn markdown() -> String {
    let known = known_keys();
    let mut page = String::from("# Configuration\n");
    for part in parts(EXAMPLE) {
        page.push_str(&part.render(&known));
    }
    page
}

/// A heading with what stands under it.
#[derive(Default)]
struct Part<'e> {
    heading: &'e str,
    text: Vec<&'e str>,
    code: Vec<&'e str>,
}

fn parts(example: &str) -> Vec<Part<'_>> {
    let mut parts = vec![Part::default()];
    for line in example.lines() {
        if line.starts_with("##") {
            parts.push(Part { heading: line, ..Part::default() });
            continue;
        }
        let Some(part) = parts.last_mut() else { continue };
        match line.strip_prefix('#') {
            Some(text) if part.code.is_empty() && (text.is_empty() || text.starts_with(' ')) => {
                part.text.push(text.trim());
            }
            // A comment that a blank line parts from the text belongs to the code after it.
            None if line.is_empty() && part.code.is_empty() => {}
            _ => part.code.push(line),
        }
    }
    parts
}

impl Part<'_> {
    fn render(&self, known: &BTreeSet<Known>) -> String {
        let mut page = String::new();
        let mut block = |text: &str| {
            if !text.trim().is_empty() {
                page.push('\n');
                page.push_str(text.trim_end());
                page.push('\n');
            }
        };
        block(self.heading);
        block(&self.text.join("\n"));
        if !self.code.is_empty() {
            block(&format!("```toml\n{}\n```", self.code.join("\n").trim()));
        }
        let rows: Vec<String> = known.iter().filter(|it| self.owns(it)).map(row).collect();
        if !rows.is_empty() {
            block(&format!("| key | value | default |\n|---|---|---|\n{}", rows.join("\n")));
        }
        page
    }

    /// Whether a key is listed here: a check's own under its kind, any other under its section.
    fn owns(&self, known: &Known) -> bool {
        if let Some(kind) = self.heading.strip_prefix("### ") {
            return known.path.starts_with(&format!("checks.NAME({kind})."));
        }
        let sections: BTreeSet<&str> = self
            .code
            .iter()
            .filter_map(|line| line.trim_start_matches('[').split_once(['.', ']']))
            .filter(|_| !self.heading.is_empty())
            .map(|(section, _)| section)
            .collect();
        let section = known.path.split('.').next().unwrap_or_default();
        sections.contains(section) && !known.path.contains('(')
    }
}

fn row(known: &Known) -> String {
    let escape = |text: &str| text.replace('|', "\\|");
    let default = match (&known.default, known.required) {
        (Some(default), _) => format!("`{}`", escape(default)),
        (None, true) => "required".to_owned(),
        (None, false) => String::new(),
    };
    format!("| `{}` | {} | {default} |", escape(&known.path), escape(&known.expects))
}

//! The text format in which exporters tell their values (Prometheus text-based exposition format
//! 0.0.4). Reads values only; help, types and times are skipped.

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// Its labels, escapes undone.
    pub labels: Vec<(&'a str, String)>,
    /// Its value.
    pub value: f64,
}

impl Sample<'_> {
    /// A label's value; empty where it has no such label, as the format means it.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// The samples of a page. Lines that are none are skipped and counted by nobody: exporters add forms.
pub fn samples(page: &str) -> impl Iterator<Item = Sample<'_>> {
    page.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(sample)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    (!name.is_empty()).then_some(Sample { name, labels, value })
}

type Labels<'a> = Vec<(&'a str, String)>;

/// `name="value", …}`, and what comes after it.
fn labels(mut rest: &str) -> Option<(Labels<'_>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        labels.push((name.trim(), value));
        rest = after;
    }
}

/// Text to its closing quote, with `\\`, `\"` and `\n` undone.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn samples_are_read_with_their_labels() {
        let page = "# HELP x y\n# TYPE x gauge\nnode_load1 0.25\n\
                    node_filesystem_size_bytes{device=\"/dev/vda1\",mountpoint=\"/a \\\"b\\\"\"} 1e+09 1700000000\n\
                    broken{a=\"\nbad value\n";
        let all: Vec<_> = samples(page).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].name, all[0].value.to_string().as_str()), ("node_load1", "0.25"));
        assert_eq!(all[1].label("mountpoint"), "/a \"b\"");
        assert_eq!(all[1].label("nothing"), "");
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(page in "([a-z_]{1,3}|[{}=\", \\\\\n#]|[0-9.]{1,3}|é){0,60}") {
            let _ = samples(&page).count();
        }

        #[test]
        fn labels_read_back(value in "[^\\\\\"\n]{0,20}", number in -1e9f64..1e9) {
            let page = format!("m{{l=\"{value}\"}} {number}");
            // A carriage return or its like ends a line for no one else than an editor.
            prop_assume!(page.lines().count() == 1 && page.trim() == page);
            let sample = samples(&page).next().unwrap();
            prop_assert_eq!(sample.label("l"), value.as_str());
            prop_assert!((sample.value - number).abs() < 1e-6);
        }
    }
}

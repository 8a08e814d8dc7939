//! A configuration that is replaced by garbage, or half written, while the console runs: it is
//! reported, whatever it is, and no secret comes to light on the way.

use std::fmt::Write as _;

use midwatch::config::{EXAMPLE, Options, parse};
use proptest::prelude::*;

/// Loads and renders in every way; gives all that a reader could get to see.
fn shown(text: &str) -> String {
    match parse(text, "config.toml", Options::default()) {
        Ok(loaded) => format!("{:?}{}", loaded.config, loaded.warnings.render(false)),
        Err(error) => {
            let mut all = format!("{error} {error:?}");
            if let Some(report) = error.report() {
                all.push_str(&report.render(false));
                all.push_str(&report.render(true));
                all.push_str(&report.lines().join("\n"));
            }
            let _ = write!(all, "{}", error.into_failure());
            all
        }
    }
}

fn border(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn garbage_is_reported(text in any::<String>()) {
        shown(&text);
    }

    #[test]
    fn text_that_looks_like_a_configuration_is_reported(text in "(\\[{1,2}|[a-z]{1,6}|[ =\"'.,{}#\\n]|\\]{1,2}|[0-9]{1,3}|é|\\r\\n|\"\"\"){0,60}") {
        shown(&text);
    }

    #[test]
    fn a_file_that_was_cut_or_spoiled_is_reported(at in 0..EXAMPLE.len(), len in 0usize..40, put in "[\\]\\[=\"'{}\\n\\x00a-z\u{feff}é]{0,4}", cut: bool) {
        let (from, to) = (border(EXAMPLE, at), border(EXAMPLE, at + len));
        let rest = if cut { "" } else { &EXAMPLE[to..] };
        shown(&format!("{}{put}{rest}", &EXAMPLE[..from]));
    }

    #[test]
    fn no_mistake_elsewhere_shows_a_secret(at in 0usize..400, put in "(\"\"\"|'''|[\\]\\[=\"'{},\\n a-z]{1,4})", cut: bool) {
        const SECRET: &str = "s3cr3t-0f-th3-w4tch";
        let lines = [
            "[checks.one]", "kind = \"postgres\"", "password = \"SECRET\"", "wombat = 1",
            "[checks.two]", "kind = \"redis\"", "url = \"redis://me:SECRET@192.0.2.1\"", "port = 3",
            "[checks.three]", "kind = \"http\"", "url = \"https://shop.example\"",
            "headers = { Authorization = \"Bearer SECRET\", x = 2 }",
            "[prometheus.main]", "url = \"https://me:SECRET@prometheus.example\"", "token = 'SECRET'",
        ];
        let text = lines.join("\n").replace("SECRET", SECRET);
        let at = border(&text, at);
        // What is put into a line with a secret may spoil the secret itself, which then is none: the
        // end of the line before takes it.
        let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let at = if text[line_start..line_end].contains(SECRET) { line_start.saturating_sub(1) } else { at };
        let spoiled = if cut { format!("{}{put}", &text[..at]) } else { format!("{}{put}{}", &text[..at], &text[at..]) };
        let all = shown(&spoiled);
        prop_assert!(!all.contains(SECRET), "{}", all);
    }
}

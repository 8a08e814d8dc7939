//! What a drill may ask of a restored volume or of restored files: the words that stand in the place of SQL.

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe<'a> {
    /// `count`, `bytes`, `newest` or `sha256`.
    pub word: &'static str,
    /// Of what, below the folder that was restored, without a slash before it; `.` for all of it.
    pub path: &'a str,
}

/// The words, and whether each needs a path.
const WORDS: [(&str, bool); 4] = [("count", false), ("bytes", false), ("newest", false), ("sha256", true)];

impl<'a> Probe<'a> {
    /// Reads one: `count`, `count uploads/2026`, `newest`, `sha256 config/app.toml`. The error says what is
    /// wrong with it.
    pub fn parse(query: &'a str) -> Result<Self, String> {
        let query = query.trim();
        let (word, path) = query.split_once(' ').unwrap_or((query, ""));
        let Some((word, needs)) = WORDS.iter().find(|(known, _)| *known == word) else {
            return Err(format!("{word:?} is none of count, bytes, newest and sha256"));
        };
        let path = path.trim().trim_start_matches('/');
        if path.split('/').any(|part| part == "..") {
            return Err("the path leaves what was restored".to_owned());
        }
        match (path.is_empty(), needs) {
            (true, true) => Err(format!("{word} needs the path of a file")),
            (true, false) => Ok(Self { word, path: "." }),
            (false, _) => Ok(Self { word, path }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_what_it_asks_for_and_nothing_outside() {
        assert_eq!(Probe::parse(" count "), Ok(Probe { word: "count", path: "." }));
        assert_eq!(Probe::parse("sha256 /srv/a b"), Ok(Probe { word: "sha256", path: "srv/a b" }));
        for bad in ["", "rm -rf", "sha256", "count a/../../b"] {
            assert!(Probe::parse(bad).is_err(), "{bad}");
        }
    }
}

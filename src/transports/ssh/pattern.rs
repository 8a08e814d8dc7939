//! Patterns as `ssh_config(5)` and `sshd(8)` (known hosts) use them: `*`, `?`, a list, `!` for no.

/// Whether one pattern takes the whole text. Case is the caller's affair.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stood, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a list takes the text: one pattern does, and none with `!` before it.
pub(super) fn list_matches<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_and_question_marks() {
        assert!(matches("*.example.net", "web.example.net"));
        assert!(matches("10.0.?.*", "10.0.3.77"));
        assert!(matches("*a*b*", "xxaayyb"));
        assert!(!matches("web?", "web"));
        assert!(!matches("", "web"));
    }

    #[test]
    fn a_negated_pattern_that_matches_ends_it() {
        assert!(list_matches(["*", "!db-*"], "web-1"));
        assert!(!list_matches(["*", "!db-*"], "db-1"));
        assert!(!list_matches(["!db-*"], "web-1"), "a list of exceptions alone takes nothing");
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab?*]{0,7}", text in "[ab]{0,8}") {
            fn plain(p: &[u8], t: &[u8]) -> bool {
                match (p, t) {
                    ([], []) => true,
                    ([b'*', rest @ ..], _) => plain(rest, t) || (!t.is_empty() && plain(p, &t[1..])),
                    ([b'?', p @ ..], [_, t @ ..]) => plain(p, t),
                    ([a, p @ ..], [b, t @ ..]) => a == b && plain(p, t),
                    _ => false,
                }
            }
            prop_assert_eq!(matches(&pattern, &text), plain(pattern.as_bytes(), text.as_bytes()));
        }
    }
}

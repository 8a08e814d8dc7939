//! The one function that quotes words for a POSIX shell.

use std::borrow::Cow;

/// One word for a POSIX shell: as it is where it is harmless, else in single quotes (POSIX.1-2017,
/// Shell Command Language, 2.2.2). A NUL cannot be passed to a program and is dropped.
pub fn quote(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\0', "").replace('\'', r"'\''")))
}

/// Words as one line of a shell.
pub fn line<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&quote(word.as_ref()));
    }
    line
}

/// A line as words: split at white space, with quotes and backslashes as a shell has them, and nothing else
/// of a shell. `None` where a quote is not closed.
pub fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => loop {
                let word = word.get_or_insert_default();
                match chars.next()? {
                    '\'' => break,
                    c => word.push(c),
                }
            },
            '"' => loop {
                let word = word.get_or_insert_default();
                match chars.next()? {
                    '"' => break,
                    '\\' => match chars.next()? {
                        c @ ('"' | '\\' | '$' | '`') => word.push(c),
                        c => word.extend(['\\', c]),
                    },
                    c => word.push(c),
                }
            },
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(line(["echo", "it's", "", "a b", "x=1"]), r"echo 'it'\''s' '' 'a b' x=1");
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        let all = ["sh", "-c", "it's $HOME \"x\"", "", "a\\b"].map(str::to_owned);
        assert_eq!(words(&line(&all)).unwrap(), all);
        assert_eq!(words(r#"psql -c "select \"a\"" '' "#).unwrap(), ["psql", "-c", "select \"a\"", ""]);
        assert_eq!(words("  "), Some(Vec::new()));
        assert_eq!(words("echo 'open"), None);
    }
}

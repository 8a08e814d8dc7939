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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(line(["echo", "it's", "", "a b", "x=1"]), r"echo 'it'\''s' '' 'a b' x=1");
    }
}

//! A secret's source in a word, for the command line: `file:PATH`, `env:NAME`, `command:WORDS` or
//! `keyring:SERVICE/USER`. The secret itself is never written there.

use std::path::PathBuf;
use std::str::FromStr;

use super::secret::Secret;

impl FromStr for Secret {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let expects = "a secret's source is file:PATH, env:NAME, command:WORDS or keyring:SERVICE/USER, never the secret itself";
        let (kind, rest) = word.split_once(':').filter(|(_, rest)| !rest.is_empty()).ok_or(expects)?;
        match kind {
            "file" => {
                Ok(Self::File(std::path::absolute(PathBuf::from(rest)).map_err(|error| error.to_string())?))
            }
            "env" => Ok(Self::Env(rest.to_owned())),
            "command" => Ok(Self::Command(rest.split_whitespace().map(str::to_owned).collect())),
            "keyring" => match rest.rsplit_once('/') {
                Some((service, user)) if !service.is_empty() && !user.is_empty() => {
                    Ok(Self::Keyring { service: service.to_owned(), user: user.to_owned() })
                }
                _ => Err("a keyring entry is named SERVICE/USER".to_owned()),
            },
            _ => Err(expects.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_where_a_secret_is_and_never_is_one() {
        assert_eq!("file:/run/key".parse(), Ok(Secret::File("/run/key".into())));
        assert_eq!("env:KEY".parse(), Ok(Secret::Env("KEY".to_owned())));
        let words = ["pass", "show", "a b"].map(str::to_owned).to_vec();
        assert_ne!("command:pass show a b".parse(), Ok(Secret::Command(words)), "there is no quoting");
        for bad in ["hunter2", "file:", "keyring:midwatch", "literal:x"] {
            let why = bad.parse::<Secret>().unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}

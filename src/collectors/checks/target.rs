//! What a check looks at, for a reader, without secrets.

use crate::config::Probe;
use crate::domain::text::{clean, shorten};
use crate::http::redact;

/// The longest target, in characters.
const LONGEST: usize = 200;

/// The target, clean and without secrets.
pub fn target(probe: &Probe) -> String {
    let text = match probe {
        Probe::Http(check) => redact::url(&check.url),
        Probe::Command(check) => command(&check.command),
        other => other.target(),
    };
    shorten(&clean(&text), LONGEST).into_owned()
}

/// A command line whose options by a secret's name lose their values.
fn command(argv: &[String]) -> String {
    let mut words = Vec::with_capacity(argv.len());
    let mut masked = false;
    for word in argv {
        let option = word.strip_prefix('-').map(|rest| rest.trim_start_matches('-'));
        let assigned = word.split_once('=').filter(|(name, _)| redact::is_secret_word(name));
        let shown = match assigned {
            _ if masked => redact::MASK.to_owned(),
            Some((name, _)) => format!("{name}={}", redact::MASK),
            None => address(word),
        };
        masked = !masked && option.is_some_and(|name| !word.contains('=') && redact::is_secret_word(name));
        words.push(shown);
    }
    words.join(" ")
}

fn address(word: &str) -> String {
    match word.parse::<reqwest::Url>() {
        Ok(url) if url.has_host() => redact::url(&url),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_loses_its_secrets() {
        let argv = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(command(&argv("tool --password hunter2 -v")), "tool --password *** -v");
        assert_eq!(
            command(&argv("env API_TOKEN=abc tool --auth-key=x")),
            "env API_TOKEN=*** tool --auth-key=***"
        );
        assert_eq!(command(&argv("curl http://me:pw@h.example/")), "curl http://h.example/");
    }
}

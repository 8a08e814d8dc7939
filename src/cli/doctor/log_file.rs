//! Whether a log file can be read, and if not, what stands before it: the file, a folder, or nothing.

use super::{Outcome, Step};
use crate::domain::shell::quote;
use crate::domain::text::{clean, shorten};

/// Says `read`, or `gone`, or what may not be read (`file`) or entered (`folder`), and then on a line each:
/// our name, its mode, its group, its path.
pub(super) const SCRIPT: &str = r#"f=$1; what=file; [ -r "$f" ] && { echo read; exit; }
[ -e "$f" ] || { what=folder; while f=${f%/*}; [ -n "$f" ] && ! [ -d "$f" ]; do :; done; [ -x "${f:-/}" ] && { echo gone; exit; }; }
echo $what; id -un; set -- "$f" $(ls -ld -- "$f"); echo "$2"; echo "$5"; echo "$1""#;

/// What the script's answer says of a file.
pub(super) fn step(path: &str, answer: &str) -> Step {
    let name = format!("log {path}");
    let lines: Vec<String> = answer.lines().map(|line| shorten(&clean(line), 200).into_owned()).collect();
    let words: Vec<&str> = lines.iter().map(String::as_str).collect();
    match words[..] {
        ["read"] => Step::new(name, Outcome::Good, ""),
        ["gone"] => Step::new(name, Outcome::Missing, "there is no such file"),
        ["file", user, mode, group, _] => {
            let step = Step::new(name, Outcome::Missing, format!("{user} may not read it"));
            denied(step, user, group, mode.as_bytes().get(4) == Some(&b'r'))
        }
        ["folder", user, mode, group, folder] => {
            let step = Step::new(name, Outcome::Missing, format!("{user} may not enter {folder}"));
            denied(step, user, group, matches!(mode.as_bytes().get(6), Some(b'x' | b's')))
        }
        _ => Step::new(name, Outcome::Failed, "what the server says of it makes no sense"),
    }
}

fn denied(step: Step, user: &str, group: &str, group_may: bool) -> Step {
    // Who is in root's group may do more than read a log.
    let mend = if group_may && group != "root" {
        format!("`sudo usermod -aG {} {}`, then connect anew", quote(group), quote(user))
    } else {
        "say become = \"sudo\" for this server, or let its owner make it readable".to_owned()
    };
    step.mend(mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_file_is_named_with_the_group_that_may() {
        let told = |answer: &str| {
            let step = step("/var/log/x", answer);
            (step.outcome, step.said, step.command)
        };
        let missing = |said: &str, command: Option<&str>| {
            (Outcome::Missing, said.to_owned(), command.map(str::to_owned))
        };
        assert_eq!(told("read\n").0, Outcome::Good);
        assert_eq!(told("gone\n"), missing("there is no such file", None));
        assert_eq!(
            told("file\nplain\n-rw-r-----\nadm\n/var/log/x\n"),
            missing("plain may not read it", Some("sudo usermod -aG adm plain"))
        );
        assert_eq!(
            told("file\nplain\n-rw-------\nadm\n/var/log/x\n"),
            missing("plain may not read it", None)
        );
        assert_eq!(
            told("folder\nplain\ndrwxr-x---\nroot\n/var/log\n"),
            missing("plain may not enter /var/log", None)
        );
        assert_eq!(told("sh: syntax error\n").0, Outcome::Failed);
    }
}

//! Reads `ssh_config(5)` files into what they say of one host: Host and Match blocks, Include, the
//! first value wins. Paths and tokens stay as written; `settings.rs` makes sense of them.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::pattern::{list_matches, matches};
use super::words::{self, Operator};

/// How deep Include may go, as in OpenSSH.
const MAX_DEPTH: usize = 16;

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigFileError {
    /// A file is there but cannot be read.
    #[error("{} cannot be read", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line makes no sense, or asks for what we cannot do.
    #[error("{}:{line}: {what}", .file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A value cannot be expanded.
    #[error("{0}")]
    Value(String),
}

/// What the files say of one host, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub host_name: Option<String>,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub identity_files: Vec<String>,
    pub certificate_files: Vec<String>,
    pub identities_only: Option<bool>,
    pub identity_agent: Option<String>,
    pub host_key_alias: Option<String>,
    pub jump: Option<String>,
    pub user_known_hosts: Option<Vec<String>>,
    pub global_known_hosts: Option<Vec<String>>,
}

/// Reads the files in order (the user's, then the system's). A missing one says nothing.
pub(super) fn read(files: &[PathBuf], host: &str, operator: &Operator) -> Result<Said, ConfigFileError> {
    let mut reader = Reader { host, operator, said: Said::default() };
    for file in files {
        reader.file(file, true, 0)?;
    }
    Ok(reader.said)
}

struct Reader<'a> {
    host: &'a str,
    operator: &'a Operator,
    said: Said,
}

impl Reader<'_> {
    fn file(&mut self, file: &Path, outer: bool, depth: usize) -> Result<(), ConfigFileError> {
        let text = match std::fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(ConfigFileError::Read { file: file.to_owned(), source }),
        };
        let mut active = outer;
        for (number, line) in text.lines().enumerate() {
            let wrong =
                |what: String| ConfigFileError::Line { file: file.to_owned(), line: number + 1, what };
            let Some((keyword, args)) = words::split(line).map_err(|what| wrong(what.to_owned()))? else {
                continue;
            };
            match keyword.as_str() {
                "host" => active = outer && list_matches(args.iter().map(String::as_str), self.host),
                "match" => active = outer && self.matched(&args),
                "include" => {
                    if depth >= MAX_DEPTH {
                        return Err(wrong("Include goes too deep".to_owned()));
                    }
                    for pattern in &args {
                        for included in words::glob(&self.include_path(pattern, file)) {
                            self.file(&included, active, depth + 1)?;
                        }
                    }
                }
                _ if active => self.directive(&keyword, &args).map_err(wrong)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Relative names are looked up in `~/.ssh`, in the system's file in `/etc/ssh`.
    fn include_path(&self, pattern: &str, from: &Path) -> PathBuf {
        if let Some(rest) = pattern.strip_prefix("~/") {
            return self.operator.home.join(rest);
        }
        let dir = if from.starts_with("/etc/ssh") {
            PathBuf::from("/etc/ssh")
        } else {
            self.operator.home.join(".ssh")
        };
        dir.join(pattern)
    }

    /// Criteria that we cannot judge (`exec`, `final`, …) do not match: their block may not take
    /// part on a guess, and no program is run for it.
    fn matched(&self, args: &[String]) -> bool {
        let mut args = args.iter();
        let mut any = false;
        while let Some(criterion) = args.next() {
            let (negated, criterion) = match criterion.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, criterion.as_str()),
            };
            let (name, joined) = match criterion.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (criterion, None),
            };
            let name = name.to_ascii_lowercase();
            if name == "all" {
                any = true;
                continue;
            }
            let subject = match name.as_str() {
                "host" => self.said.host_name.as_deref().unwrap_or(self.host),
                "originalhost" => self.host,
                "user" => self.said.user.as_deref().unwrap_or(&self.operator.user),
                "localuser" => &self.operator.user,
                _ => return false,
            };
            let Some(list) = joined.or_else(|| args.next().map(String::as_str)) else { return false };
            if list_matches(list.split(','), subject) == negated {
                return false;
            }
            any = true;
        }
        any
    }

    fn directive(&mut self, keyword: &str, args: &[String]) -> Result<(), String> {
        let said = &mut self.said;
        let Some(value) = args.first() else { return Err(format!("{keyword} has no value")) };
        match keyword {
            "hostname" => first(&mut said.host_name, value),
            "user" => first(&mut said.user, value),
            "port" => {
                let port = value.parse().map_err(|_| format!("{value} is no port"))?;
                said.port.get_or_insert(port);
            }
            "identityfile" => said.identity_files.push(value.clone()),
            "certificatefile" => said.certificate_files.push(value.clone()),
            "identitiesonly" => {
                let yes = yes_or_no(value)?;
                said.identities_only.get_or_insert(yes);
            }
            "identityagent" => first(&mut said.identity_agent, value),
            "hostkeyalias" => first(&mut said.host_key_alias, value),
            "proxyjump" => first(&mut said.jump, value),
            "proxycommand" if said.jump.is_none() => said.jump = Some(jump_of_command(args)?),
            "userknownhostsfile" => {
                said.user_known_hosts.get_or_insert_with(|| args.to_vec());
            }
            "globalknownhostsfile" => {
                said.global_known_hosts.get_or_insert_with(|| args.to_vec());
            }
            _ => {}
        }
        Ok(())
    }
}

fn first(slot: &mut Option<String>, value: &str) {
    slot.get_or_insert_with(|| value.to_owned());
}

fn yes_or_no(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{value} is neither yes nor no")),
    }
}

/// `ssh -W %h:%p JUMP` is how jumps were written before `ProxyJump`; other programs are not run.
fn jump_of_command(args: &[String]) -> Result<String, String> {
    let words: Vec<&str> = args.iter().flat_map(|arg| arg.split_whitespace()).collect();
    match words.as_slice() {
        ["none"] => Ok("none".to_owned()),
        [ssh, rest @ ..] if matches("*ssh", ssh) => {
            let plain: Vec<&&str> =
                rest.iter().filter(|word| !["-W", "%h:%p", "-q"].contains(*word)).collect();
            match plain.as_slice() {
                [jump] if !jump.starts_with('-') && rest.contains(&"-W") => Ok((**jump).to_owned()),
                _ => Err("ProxyCommand is not supported; use ProxyJump".to_owned()),
            }
        }
        _ => Err("ProxyCommand is not supported; use ProxyJump".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(config: &str, host: &str) -> Result<Said, ConfigFileError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(&file, config).unwrap();
        read(&[file], host, &Operator::new(dir.path(), "me"))
    }

    #[test]
    fn the_first_value_wins_and_lists_add_up() {
        let said = said(
            "User early\nHost web-* !web-9\n  Port 2222\n  IdentityFile ~/.ssh/web\nHost *\n  Port 22\n  user late\n  IdentityFile ~/.ssh/all\n",
            "web-1",
        )
        .unwrap();
        assert_eq!((said.user.as_deref(), said.port), (Some("early"), Some(2222)));
        assert_eq!(said.identity_files, ["~/.ssh/web", "~/.ssh/all"]);
    }

    #[test]
    fn negated_hosts_are_left_out() {
        assert_eq!(said("Host web-* !web-9\nPort 2222\n", "web-9").unwrap().port, None);
    }

    #[test]
    fn keywords_in_any_case_with_equals_and_quotes() {
        let said = said("hOsTnAmE = \"10.0.0.7\"\nIDENTITYFILE=\"/a path/key\" # mine\n", "x").unwrap();
        assert_eq!(said.host_name.as_deref(), Some("10.0.0.7"));
        assert_eq!(said.identity_files, ["/a path/key"]);
    }

    #[test]
    fn an_include_takes_part_only_where_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(".ssh/conf.d")).unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(dir.path().join(".ssh").join(name), text).unwrap();
        write("conf.d/1-ports", "Port 1001\nHost other\nUser other\n");
        write("conf.d/2-users", "User second\n");
        write("config", "Host web\nInclude conf.d/*\nHostName inner\nHost *\nHostName outer\n");
        let ask =
            |host| read(&[dir.path().join(".ssh/config")], host, &Operator::new(dir.path(), "me")).unwrap();
        let (web, other) = (ask("web"), ask("other"));
        assert_eq!((web.port, web.user.as_deref()), (Some(1001), Some("second")));
        assert_eq!(web.host_name.as_deref(), Some("inner"), "the block goes on after the Include");
        assert_eq!((other.port, other.user), (None, None), "a Host in a file included for web alone");
    }

    #[test]
    fn match_blocks_are_judged_or_left_out() {
        let config = "Match host web,db user me\nPort 1\nMatch exec \"true\"\nPort 2\nMatch all\nPort 3\n";
        assert_eq!(said(config, "web").unwrap().port, Some(1));
        assert_eq!(said(config, "mail").unwrap().port, Some(3), "exec is not run and does not match");
        assert_eq!(said("Match !host web\nPort 4\n", "web").unwrap().port, None);
    }

    #[test]
    fn old_jumps_are_understood_and_other_commands_refused() {
        assert_eq!(said("ProxyCommand ssh -W %h:%p gate\n", "x").unwrap().jump.as_deref(), Some("gate"));
        let refused = said("Port 22\nProxyCommand nc %h %p\n", "x").unwrap_err();
        assert!(
            refused.to_string().ends_with(":2: ProxyCommand is not supported; use ProxyJump"),
            "{refused}"
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = said("Host *\nPort ssh\n", "x").unwrap_err();
        assert!(wrong.to_string().ends_with("config:2: ssh is no port"), "{wrong}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}", host in "[a-z.*]{0,8}") {
            let _ = said(&text, &host);
        }
    }
}

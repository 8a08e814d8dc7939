//! The hosts that an OpenSSH client configuration names, for a list to pick from. How each is
//! reached is resolved by the transports when it is connected to; here only names are read.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// How deep files may include each other, as in OpenSSH.
const DEPTH: usize = 16;
/// The most that one file may have, in bytes.
const MOST: u64 = 1 << 20;
/// The most hosts that are listed.
const HOSTS: usize = 5000;

/// A host of an SSH configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshHost {
    /// Its name: a `Host` without wildcards.
    pub name: String,
    /// Its `HostName`, where the same block says it.
    pub address: Option<String>,
    /// Its `User`, where the same block says it.
    pub user: Option<String>,
}

/// The hosts that a configuration and the files it includes name, in their order, each once. What
/// cannot be read is left out: this is a list to pick from, and one file less is one pick less.
pub fn ssh_hosts(config: &Path, home: Option<&Path>) -> Vec<SshHost> {
    let mut reader = Reader { home, folder: config.parent(), hosts: Vec::new(), block: 0 };
    reader.file(config, 0);
    reader.hosts
}

struct Reader<'a> {
    home: Option<&'a Path>,
    /// What relative includes are relative to.
    folder: Option<&'a Path>,
    hosts: Vec<SshHost>,
    /// Where in `hosts` the block under reading begins.
    block: usize,
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, depth: usize) {
        let mut text = String::new();
        let read = fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text));
        if read.is_err() || depth > DEPTH {
            return;
        }
        for line in text.lines() {
            let words = words(line);
            let Some((keyword, rest)) = words.split_first() else { continue };
            match keyword.to_ascii_lowercase().as_str() {
                "host" => self.host(rest),
                "match" => self.block = self.hosts.len(),
                "hostname" => self.say(rest, |host| &mut host.address),
                "user" => self.say(rest, |host| &mut host.user),
                "include" => {
                    for pattern in rest {
                        for path in self.expand(pattern) {
                            self.file(&path, depth + 1);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn host(&mut self, names: &[String]) {
        self.block = self.hosts.len();
        for name in names.iter().filter(|name| !name.contains(['*', '?', '!'])) {
            if self.hosts.len() < HOSTS && !self.hosts.iter().any(|host| host.name == *name) {
                self.hosts.push(SshHost { name: name.clone(), address: None, user: None });
            }
        }
    }

    /// The first value of a keyword is the one that holds, as in `ssh_config(5)`.
    fn say(&mut self, rest: &[String], field: impl Fn(&mut SshHost) -> &mut Option<String>) {
        let Some(value) = rest.first() else { return };
        for host in &mut self.hosts[self.block..] {
            field(host).get_or_insert_with(|| value.replace("%h", ""));
        }
    }

    /// The files that an `Include` means: `~/` and relative paths, wildcards in the last part.
    fn expand(&self, pattern: &str) -> Vec<PathBuf> {
        let path = match (pattern.strip_prefix("~/"), self.home, self.folder) {
            (Some(rest), Some(home), _) => home.join(rest),
            (None, _, Some(folder)) => folder.join(pattern),
            _ => PathBuf::from(pattern),
        };
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
        else {
            return Vec::new();
        };
        if !name.contains(['*', '?']) {
            return vec![path];
        }
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| {
                let file = entry.file_name();
                let hidden = file.to_string_lossy().starts_with('.') && !name.starts_with('.');
                !hidden && matches(name, &file.to_string_lossy())
            })
            .map(|entry| entry.path())
            .collect();
        files.sort();
        files
    }
}

/// The words of a line: white space or one `=` parts keyword and values; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.starts_with('#') {
        return Vec::new();
    }
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '=' if !quoted && words.is_empty() => words.extend(take(&mut word)),
            c if c.is_whitespace() && !quoted => words.extend(take(&mut word)),
            '=' if word.is_empty() && words.len() == 1 => {}
            c => word.push(c),
        }
    }
    words.extend(take(&mut word));
    words
}

fn take(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

/// Whether a name is what a pattern with `*` and `?` means.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            // Let the last star take one character more.
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_over_includes_without_wildcards_and_once() {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        fs::create_dir_all(ssh.join("more.d")).unwrap();
        let config = "# Host commented\nInclude more.d/*.conf ~/.ssh/missing\nHost web-1 web-2 *.example !bad\n\
                      \tHostName=192.0.2.1\n  USER ops\nHost *\n User root\nhost = \"two words\"\nHost web-1\n HostName no\n";
        fs::write(ssh.join("config"), config).unwrap();
        fs::write(ssh.join("more.d/10.conf"), "Host inner\nInclude ../config\n").unwrap();
        fs::write(ssh.join("more.d/.hidden.conf"), "Host hidden\n").unwrap();
        let hosts = ssh_hosts(&ssh.join("config"), Some(home.path()));
        let names: Vec<_> = hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, ["inner", "web-1", "web-2", "two words"]);
        let web = &hosts[1];
        assert_eq!((web.address.as_deref(), web.user.as_deref()), (Some("192.0.2.1"), Some("ops")));
        assert_eq!(hosts[3].user, None);
    }

    #[test]
    fn no_configuration_is_no_hosts() {
        assert!(ssh_hosts(Path::new("/no/such/file"), None).is_empty());
    }

    #[test]
    fn patterns_match_as_a_shell_does() {
        assert!(matches("*.conf", "a.conf") && matches("a?c*", "abc") && matches("*a*b", "xaxxb"));
        assert!(!matches("*.conf", "a.conf.bak") && !matches("a?c", "ac") && !matches("", "a"));
    }
}

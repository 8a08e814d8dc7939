//! The small grammar of `ssh_config(5)`: lines into words, `~` and `%` and `${}` in values, and
//! globs in Include.

use std::path::{Path, PathBuf};

use super::pattern::matches;

/// Who runs the console; tests make their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The home directory.
    pub home: PathBuf,
    /// The login name.
    pub user: String,
}

impl Operator {
    /// From its parts.
    pub fn new(home: &Path, user: &str) -> Self {
        Self { home: home.to_owned(), user: user.to_owned() }
    }

    /// Whoever runs this process.
    pub fn of_this_process() -> Self {
        let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
        Self { home, user: user() }
    }
}

/// The name of the user that runs this process.
pub fn user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
        .or_else(|| user_of(rustix::process::getuid().as_raw()))
        .unwrap_or_else(|| "root".to_owned())
}

fn user_of(uid: u32) -> Option<String> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The keyword in lower case and its words; nothing for an empty line or a comment.
pub(super) fn split(line: &str) -> Result<Option<(String, Vec<String>)>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Ok(Some((keyword.to_ascii_lowercase(), arguments(rest)?)))
}

fn arguments(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Ok(words),
            Some(_) => {}
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(&c) = chars.peek() {
            if quote.is_none() && c.is_whitespace() {
                break;
            }
            chars.next();
            match c {
                '\\' if chars.peek().is_some_and(|next| ['"', '\'', '\\'].contains(next)) => {
                    word.extend(chars.next());
                }
                '"' | '\'' if quote == Some(c) => quote = None,
                '"' | '\'' if quote.is_none() => quote = Some(c),
                _ => word.push(c),
            }
        }
        if quote.is_some() {
            return Err("a quote is not closed");
        }
        words.push(word);
    }
}

/// What the `%` tokens of a value stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'a> {
    pub operator: &'a Operator,
    pub host: &'a str,
    pub original: &'a str,
    pub port: u16,
    pub user: &'a str,
}

impl Tokens<'_> {
    /// A path with `~/`, `%…` and `${…}` resolved (`ssh_config(5)`, TOKENS).
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, String> {
        let text = self.expand(text)?;
        Ok(match text.strip_prefix("~/") {
            Some(rest) => self.operator.home.join(rest),
            None => PathBuf::from(text),
        })
    }

    fn expand(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(name) = rest.strip_prefix("${").and_then(|tail| tail.split_once('}')) {
                let value =
                    std::env::var(name.0).map_err(|_| format!("{}: ${{{}}} is not set", text, name.0))?;
                out.push_str(&value);
                rest = name.1;
                continue;
            }
            let mut chars = rest.chars();
            match (chars.next(), chars.next()) {
                (Some('$'), _) => {
                    out.push('$');
                    rest = &rest[1..];
                    continue;
                }
                (_, Some('%')) => out.push('%'),
                (_, Some('d')) => out.push_str(&self.operator.home.to_string_lossy()),
                (_, Some('h')) => out.push_str(self.host),
                (_, Some('n' | 'k')) => out.push_str(self.original),
                (_, Some('p')) => out.push_str(&self.port.to_string()),
                (_, Some('r')) => out.push_str(self.user),
                (_, Some('u')) => out.push_str(&self.operator.user),
                (_, Some('i')) => out.push_str(&rustix::process::getuid().as_raw().to_string()),
                (_, Some(other)) => return Err(format!("{text}: %{other} is not supported")),
                (_, None) => return Err(format!("{text}: % stands at the end")),
            }
            rest = chars.as_str();
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The files that a pattern names, in order. Only its last two parts may hold wildcards' work:
/// every part is matched against what is in the directory before it.
pub(super) fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let name = part.as_os_str().to_string_lossy();
        if name.contains(['*', '?']) {
            found = found.iter().flat_map(|dir| entries(dir, &name)).collect();
        } else {
            for path in &mut found {
                path.push(part);
            }
        }
    }
    found.retain(|path| path.is_file());
    found
}

fn entries(dir: &Path, pattern: &str) -> Vec<PathBuf> {
    let Ok(listing) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = listing
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            matches(pattern, &name) && (pattern.starts_with('.') || !name.starts_with('.'))
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_make_words() {
        let words = |line| split(line).unwrap().unwrap().1;
        assert_eq!(words(r#"X a "b c" 'd e' f\"g"#), ["a", "b c", "d e", "f\"g"]);
        assert_eq!(words("X=1"), ["1"]);
        assert_eq!(words("X \"\" # rest"), [""]);
        assert!(split("X \"open").is_err());
    }

    #[test]
    fn tokens_become_what_they_stand_for() {
        let operator = Operator::new(Path::new("/home/me"), "me");
        let tokens =
            Tokens { operator: &operator, host: "10.0.0.7", original: "web", port: 2222, user: "deploy" };
        assert_eq!(
            tokens.path("~/.ssh/%r@%h-%n:%p%%").unwrap(),
            Path::new("/home/me/.ssh/deploy@10.0.0.7-web:2222%")
        );
        assert_eq!(tokens.path("%d/k").unwrap(), Path::new("/home/me/k"));
        assert!(tokens.path("%z").is_err() && tokens.path("a%").is_err());
        assert_eq!(tokens.path("a$b").unwrap(), Path::new("a$b"));
    }
}

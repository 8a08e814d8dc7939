//! A folder that is reached by SFTP, in restic's own words: `sftp:USER@HOST:PATH`, or
//! `sftp://USER@HOST:PORT/PATH`, where a path from the root has two slashes.

use std::fmt;

use crate::domain::text::is_hostile;

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SftpPlace {
    /// Who logs in, where the address says it.
    pub user: Option<String>,
    /// What one would type after `ssh`: a name of the SSH configuration, an address, a server of ours.
    pub host: String,
    /// The port, where the address says it.
    pub port: Option<u16>,
    /// The folder; where it does not begin with a slash, below the one that the account begins in.
    pub path: String,
}

impl fmt::Display for SftpPlace {
    /// As restic takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let (host, path) = (&self.host, &self.path);
        match self.port {
            None if !host.contains(':') => write!(f, "sftp:{user}{host}:{path}"),
            port => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                write!(f, "sftp://{user}{host}{port}/{path}")
            }
        }
    }
}

impl SftpPlace {
    /// What one would type after `ssh` to get there.
    pub fn login(&self) -> String {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let port = self.port.map(|port| format!("-p {port} ")).unwrap_or_default();
        format!("{port}{user}{}", self.host)
    }

    /// Reads what stands behind `sftp:`.
    pub fn read(text: &str) -> Result<Self, String> {
        let read = match text.strip_prefix("//") {
            Some(url) => url_form(url),
            None => plain_form(text),
        };
        let it = read?;
        // A password, with the host behind it, would be taken for a folder.
        let first = it.path.split('/').next().and_then(|it| it.split_once('@'));
        if it.user.is_none() && first.is_some_and(|(_, rest)| rest.contains(':')) {
            return Err("a password in an address ends up in messages, and SSH takes none here: a key of a \
                 file or the agent lets in"
                .to_owned());
        }
        let odd =
            |text: &str| text.starts_with('-') || text.contains(|c: char| is_hostile(c) || c.is_whitespace());
        if it.host.is_empty() || odd(&it.host) || it.host.contains('/') {
            return Err(format!("\"{}\" is no host", it.host));
        }
        if let Some(user) = &it.user {
            if user.contains(':') {
                return Err(
                    "a password in an address ends up in messages, and SSH takes none here: a key of a \
                     file or the agent lets in"
                        .to_owned(),
                );
            }
            if user.is_empty() || odd(user) || user.contains('/') {
                return Err(format!("\"{user}\" is no user"));
            }
        }
        if it.path.starts_with('~') {
            return Err("nobody there reads `~`: a path without a slash before it is below the folder that \
                 the account begins in"
                .to_owned());
        }
        if it.path.is_empty() || it.path.contains(is_hostile) {
            return Err("it names no folder: \"sftp:USER@HOST:FOLDER\"".to_owned());
        }
        Ok(it)
    }
}

/// `USER@HOST:PATH`.
fn plain_form(text: &str) -> Result<SftpPlace, String> {
    let (who, path) =
        text.split_once(':').ok_or("it names no folder: \"sftp:USER@HOST:FOLDER\"".to_owned())?;
    let (user, host) = login(who);
    Ok(SftpPlace { user, host: host.to_owned(), port: None, path: tidy(path) })
}

/// `USER@HOST:PORT/PATH`.
fn url_form(text: &str) -> Result<SftpPlace, String> {
    let (who, path) = text.split_once('/').unwrap_or((text, ""));
    if text.contains(['%', '?', '#']) {
        return Err("`%`, `?` and `#` stand for something else there: \"sftp:USER@HOST:FOLDER\"".to_owned());
    }
    let (user, rest) = login(who);
    let (host, port) = match rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let port = port.map(|it| it.parse().map_err(|_| format!("\"{it}\" is no port"))).transpose()?;
    Ok(SftpPlace { user, host: host.to_owned(), port, path: tidy(path) })
}

fn login(text: &str) -> (Option<String>, &str) {
    match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user.to_owned()), rest),
        None => (None, text),
    }
}

/// Without slashes that say nothing.
fn tidy(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    let tidy = format!("{root}{}", parts.join("/"));
    // The folder that the account begins in.
    if tidy.is_empty() && !path.is_empty() { ".".to_owned() } else { tidy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_restics_own_in_both_forms() {
        for (text, user, host, port, path) in [
            ("u1@box.example:backups", Some("u1"), "box.example", None, "backups"),
            ("box:/srv//restic/", None, "box", None, "/srv/restic"),
            ("box:.", None, "box", None, "."),
            ("//u1@box.example:23/backups", Some("u1"), "box.example", Some(23), "backups"),
            ("//u1@box.example//srv/restic", Some("u1"), "box.example", None, "/srv/restic"),
            ("//me@[2001:db8::7]:2222//srv/x", Some("me"), "2001:db8::7", Some(2222), "/srv/x"),
            ("//me@[2001:db8::7]/x", Some("me"), "2001:db8::7", None, "x"),
        ] {
            let it = SftpPlace::read(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            let read = (it.user.as_deref(), it.host.as_str(), it.port, it.path.as_str());
            assert_eq!(read, (user, host, port, path), "{text}");
            let shown = it.to_string();
            let again = SftpPlace::read(shown.strip_prefix("sftp:").unwrap()).unwrap();
            assert_eq!(again, it, "{shown} is read as it is shown");
        }
        let shown = |text| SftpPlace::read(text).unwrap().to_string();
        assert_eq!(shown("box:/srv/restic/"), "sftp:box:/srv/restic");
        assert_eq!(shown("//u1@box//srv/restic"), "sftp:u1@box:/srv/restic");
        assert_eq!(shown("//u1@box:23/backups"), "sftp://u1@box:23/backups");
        assert_eq!(shown("//u1@box:23//backups"), "sftp://u1@box:23//backups");
        assert_eq!(SftpPlace::read("//u1@box:23/x").unwrap().login(), "-p 23 u1@box");
    }

    #[test]
    fn what_names_no_place_or_would_show_a_password_is_refused() {
        for (text, why) in [
            ("", "no folder"),
            ("box", "no folder"),
            ("box:", "no folder"),
            ("//box", "no folder"),
            ("//box/", "no folder"),
            (":/srv", "no host"),
            ("u1@:/srv", "no host"),
            ("-oProxyCommand=x:/srv", "no host"),
            ("-x@box:/srv", "no user"),
            ("@box:/srv", "no user"),
            ("u1:hunter2@box:/srv", "password"),
            ("//u1:hunter2@box/srv", "password"),
            ("box:~/backups", "`~`"),
            ("//box:ssh/x", "no port"),
            ("//box:99999/x", "no port"),
            ("//box/a%20b", "`%`"),
            ("box:/a\nb", "no folder"),
        ] {
            let told = SftpPlace::read(text).map(|it| it.to_string());
            assert!(told.as_ref().is_err_and(|it| it.contains(why)), "{text:?}: {told:?}");
            assert!(!told.unwrap_err().contains("hunter2"));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_taken_is_read_as_it_is_shown(text in "(//)?[a-z@:/.\\[\\]0-9-]{0,24}") {
            if let Ok(it) = SftpPlace::read(&text) {
                let shown = it.to_string();
                proptest::prop_assert_eq!(SftpPlace::read(shown.strip_prefix("sftp:").unwrap()), Ok(it));
            }
        }
    }
}

//! Where a repository is: a folder here, or an address in restic's own words (`sftp:…`, `rest:URL`, `s3:URL`).

use std::fmt;
use std::path::PathBuf;

use reqwest::Url;

use super::mistake::Mistake;
use super::repository_sftp::SftpPlace;
use super::secret::Secret;
use super::table::Table;

/// The region that S3 is asked in where none is named; services that know no regions take it.
const REGION: &str = "us-east-1";

/// A place for a repository.
#[derive(Clone, Debug, PartialEq)]
pub enum RepositoryPlace {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder that is reached over SSH.
    Sftp(SftpPlace),
    /// A server that speaks restic's own protocol.
    Rest {
        /// The repository's address; it ends with a slash.
        url: Url,
        /// Who asks, where it wants to know.
        login: Option<(String, Secret)>,
    },
    /// A bucket of a service that speaks S3.
    S3 {
        /// The service.
        endpoint: Url,
        /// The bucket.
        bucket: String,
        /// What the names of its files begin with; empty, or without a slash at either end.
        prefix: String,
        /// The service's region.
        region: String,
        /// The id of the access key.
        key: String,
        /// The access key's secret.
        secret: Secret,
    },
}

impl fmt::Display for RepositoryPlace {
    /// As restic takes it, without who asks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Sftp(place) => place.fmt(f),
            Self::Rest { url, .. } => write!(f, "rest:{url}"),
            Self::S3 { endpoint, bucket, prefix, .. } => {
                let slash = if prefix.is_empty() { "" } else { "/" };
                write!(f, "s3:{endpoint}{bucket}{slash}{prefix}")
            }
        }
    }
}

impl RepositoryPlace {
    /// The folder, where it is one of this machine.
    pub fn folder(&self) -> Option<&PathBuf> {
        match self {
            Self::Folder(path) => Some(path),
            Self::Sftp(_) | Self::Rest { .. } | Self::S3 { .. } => None,
        }
    }

    /// The same, where it is reached by SFTP.
    pub const fn sftp(&self) -> Option<&SftpPlace> {
        match self {
            Self::Sftp(place) => Some(place),
            Self::Folder(_) | Self::Rest { .. } | Self::S3 { .. } => None,
        }
    }

    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let path: Option<PathBuf> = t.opt("path");
        let address: Option<String> = t.opt("url");
        let user: Option<String> = t.opt("user");
        let secret: Option<Secret> = t.opt("secret");
        let region: String = t.or("region", REGION.to_owned());
        if user.is_some() != secret.is_some() {
            t.report(Mistake::error(t.span(), "`user` and `secret` belong together"));
            return None;
        }
        let login = user.zip(secret);
        match (path, address) {
            (Some(path), None) => folder(t, path),
            (None, Some(address)) => {
                let read = match address.split_once(':') {
                    Some(("sftp", place)) => sftp(place, login.as_ref()),
                    Some(("rest", url)) => rest(url, login),
                    Some(("s3", url)) => s3(url, region, login),
                    _ => Err("it starts with \"sftp:\", \"s3:\" or \"rest:\", as restic names it".to_owned()),
                };
                read.map_err(|why| t.report(Mistake::error(t.span_of("url"), why))).ok()
            }
            (Some(_), Some(_)) => {
                t.report(Mistake::error(
                    t.span_of("url"),
                    "a repository is at `path` or at `url`, not at both",
                ));
                None
            }
            (None, None) => {
                // A value that was wrong has been told of.
                if !t.has("path") && !t.has("url") {
                    t.report(Mistake::error(t.span(), "`path` is missing").help(
                        "add `path = \"/var/backups/midwatch\"`, or `url = \"sftp:USER@HOST:FOLDER\"`",
                    ));
                }
                None
            }
        }
    }
}

fn folder(t: &Table<'_>, path: PathBuf) -> Option<RepositoryPlace> {
    if path.is_absolute() {
        return Some(RepositoryPlace::Folder(path));
    }
    t.report(
        Mistake::error(t.span_of("path"), "a repository's folder starts with `/` or `~/`")
            .help("where midwatch is started must not decide where backups go"),
    );
    None
}

fn sftp(text: &str, login: Option<&(String, Secret)>) -> Result<RepositoryPlace, String> {
    if login.is_some() {
        return Err(
            "who logs in over SSH stands in the address, \"sftp:USER@HOST:FOLDER\", and a key lets in: \
             without `user` and `secret`"
                .to_owned(),
        );
    }
    SftpPlace::read(text).map(RepositoryPlace::Sftp)
}

fn web(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|why| format!("this is not a URL: {why}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("the address behind the colon starts with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a login in a URL ends up in messages: `user` and `secret` are keys of their own".to_owned()
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address of a repository has no `?` and no `#`".to_owned());
    }
    Ok(url)
}

fn rest(text: &str, login: Option<(String, Secret)>) -> Result<RepositoryPlace, String> {
    let mut url = web(text)?;
    let near = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "http" && login.is_some() && !near {
        return Err("its password would cross the network for everybody to read: https://".to_owned());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(RepositoryPlace::Rest { url, login })
}

fn s3(text: &str, region: String, login: Option<(String, Secret)>) -> Result<RepositoryPlace, String> {
    let mut endpoint = web(text)?;
    let path = endpoint.path().trim_matches('/').to_owned();
    endpoint.set_path("/");
    let (bucket, prefix) = path.split_once('/').unwrap_or((&path, ""));
    if bucket.is_empty() {
        return Err("it names no bucket: \"s3:https://s3.example/BUCKET/FOLDER\"".to_owned());
    }
    let Some((key, secret)) = login else {
        return Err("S3 wants an access key: `user` is its id, `secret` its secret".to_owned());
    };
    let (bucket, prefix) = (bucket.to_owned(), prefix.trim_matches('/').to_owned());
    Ok(RepositoryPlace::S3 { endpoint, bucket, prefix, region, key, secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> (String, Secret) {
        ("ada".to_owned(), Secret::Env("KEY".to_owned()))
    }

    #[test]
    fn addresses_are_restics_own() {
        let shown = |read: Result<RepositoryPlace, String>| read.unwrap().to_string();
        assert_eq!(
            shown(rest("https://vault.example/acme", Some(login()))),
            "rest:https://vault.example/acme/"
        );
        assert_eq!(shown(rest("http://vault.example:8000/", None)), "rest:http://vault.example:8000/");
        let in_s3 = |url| s3(url, "x".to_owned(), Some(login()));
        assert_eq!(shown(in_s3("https://s3.example/acme/deep/er/")), "s3:https://s3.example/acme/deep/er");
        assert_eq!(shown(in_s3("https://s3.example/acme")), "s3:https://s3.example/acme");
    }

    #[test]
    fn what_would_show_a_login_or_names_no_place_is_refused() {
        for (address, login, why) in [
            ("https://ada:hunter2@vault.example/", None, "messages"),
            ("http://vault.example/", Some(login()), "network"),
            ("vault.example", None, "not a URL"),
            ("ftp://vault.example/", None, "https://"),
            ("https://vault.example/?a=b", None, "`?`"),
        ] {
            assert!(rest(address, login).unwrap_err().contains(why), "{address}");
        }
        assert!(sftp("box:/srv", Some(&login())).unwrap_err().contains("address"));
        assert_eq!(sftp("box:/srv/", None).unwrap().to_string(), "sftp:box:/srv");
        assert!(s3("https://s3.example/", String::new(), Some(login())).unwrap_err().contains("bucket"));
        assert!(s3("https://s3.example/acme", String::new(), None).unwrap_err().contains("access key"));
        assert!(rest("http://127.0.0.1:8000/", Some(login())).is_ok(), "nobody listens in between");
    }
}

//! The contexts of the Docker client, for a list to pick from. Their form is that of the client's
//! own store: `contexts/meta/<sha256 of the name>/meta.json`.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use reqwest::Url;
use serde::Deserialize;

/// The most that a file may have, in bytes.
const MOST: u64 = 1 << 20;

/// A context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerContext {
    /// Its name; `DOCKER_HOST` for the variable's.
    pub name: String,
    /// Where its engine answers.
    pub endpoint: Endpoint,
}

/// Where an engine answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// On a server that is reached over SSH.
    Ssh {
        /// Its address.
        host: String,
        /// The user.
        user: Option<String>,
        /// The port.
        port: Option<u16>,
    },
    /// At a socket of this machine.
    Unix(String),
    /// Some other way, that the console does not go (TCP, a named pipe).
    Other(String),
}

impl Endpoint {
    fn parse(text: &str) -> Self {
        if let Some(path) = text.strip_prefix("unix://") {
            return Self::Unix(path.to_owned());
        }
        match text.parse::<Url>() {
            Ok(url) if url.scheme() == "ssh" => match url.host_str().filter(|host| !host.is_empty()) {
                Some(host) => Self::Ssh {
                    host: host.trim_matches(['[', ']']).to_owned(),
                    user: Some(url.username()).filter(|user| !user.is_empty()).map(str::to_owned),
                    port: url.port(),
                },
                None => Self::Other(text.to_owned()),
            },
            _ => Self::Other(text.to_owned()),
        }
    }
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<Docker>,
}

#[derive(Deserialize)]
struct Docker {
    #[serde(rename = "Host", default)]
    host: String,
}

/// The contexts below a Docker client's folder (`~/.docker`, or `DOCKER_CONFIG`), by name, and the
/// one that `DOCKER_HOST` says. What cannot be read is left out.
pub fn docker_contexts(folder: &Path, docker_host: Option<&str>) -> Vec<DockerContext> {
    let entries = fs::read_dir(folder.join("contexts/meta")).into_iter().flatten().flatten();
    let mut contexts: Vec<DockerContext> = entries
        .filter_map(|entry| {
            let mut text = String::new();
            let file = fs::File::open(entry.path().join("meta.json")).ok()?;
            file.take(MOST).read_to_string(&mut text).ok()?;
            let meta: Meta = serde_json::from_str(&text).ok()?;
            let host = meta.endpoints.docker.map(|docker| docker.host).filter(|host| !host.is_empty())?;
            Some(DockerContext { name: meta.name, endpoint: Endpoint::parse(&host) })
        })
        .collect();
    contexts.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(host) = docker_host.filter(|host| !host.is_empty()) {
        contexts.insert(0, DockerContext { name: "DOCKER_HOST".to_owned(), endpoint: Endpoint::parse(host) });
    }
    contexts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_read_and_garbage_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let place = folder.path().join("contexts/meta").join(name);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("meta.json"), text).unwrap();
        };
        put("b", r#"{"Name":"prod","Endpoints":{"docker":{"Host":"ssh://ops@192.0.2.1:2222"}}}"#);
        put(
            "a",
            r#"{"Name":"near","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///run/docker.sock"}}}"#,
        );
        put("c", r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://192.0.2.2:2376"}}}"#);
        put("d", "{");
        put("e", r#"{"Name":"kube","Endpoints":{}}"#);
        let found = docker_contexts(folder.path(), Some("ssh://[2001:db8::1]"));
        let ssh = |host: &str, user: Option<&str>, port| Endpoint::Ssh {
            host: host.into(),
            user: user.map(Into::into),
            port,
        };
        let context = |name: &str, endpoint| DockerContext { name: name.into(), endpoint };
        assert_eq!(
            found,
            [
                context("DOCKER_HOST", ssh("2001:db8::1", None, None)),
                context("far", Endpoint::Other("tcp://192.0.2.2:2376".into())),
                context("near", Endpoint::Unix("/run/docker.sock".into())),
                context("prod", ssh("192.0.2.1", Some("ops"), Some(2222))),
            ]
        );
    }
}

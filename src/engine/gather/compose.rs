//! What Compose makes of the app's file, and of a release's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::ImageRef;
use crate::domain::plan::act::Published;
use crate::domain::plan::hex;
use crate::domain::plan::overlay::overlay;
use crate::domain::plan::shell::{compose_kept, compose_release, compose_sent, compose_source};
use crate::domain::proxy::Proxy;
use crate::domain::release::ReleaseNumber;
use crate::engine::ground::Ground;
use crate::engine::sent::Sent;
use crate::operations::facts::{Compose, Rendered, ServiceFacts};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(60);

/// Compose, in the app's folder: there it finds `.env`.
const IN_FOLDER: &str = r#"cd "$1" && shift && exec "$@""#;
/// Likewise, for a file that is sent: the folder may have to be made first.
const ANYWHERE: &str = r#"cd "$1" 2>/dev/null || cd /; shift; exec "$@""#;

/// Compose with an environment that is sent: `$1` its bytes, which stand before all else on standard input,
/// `$2` the folder, `$3` whether that may be missing. It lies in memory, without a name, for as long as Compose
/// runs: Compose reads it more than once.
const WITH_ENV: &str = r#"n=$1 d=$2 a=$3; shift 3; umask 077
t=$(mktemp -p /dev/shm 2>/dev/null || mktemp) || exit 73; trap 'rm -f "$t"' 0 1 2 15
dd bs=1 count="$n" of="$t" 2>/dev/null && exec 3<"$t" && rm -f "$t" || exit 73
if [ "$a" ]; then cd "$d" 2>/dev/null || cd /; else cd "$d" || exit; fi
COMPOSE_ENV_FILES=/proc/$$/fd/3 "$@""#;

/// The words of `docker compose` on some files.
#[derive(Clone)]
struct Words {
    list: Vec<String>,
    /// The environment that takes the place of the server's.
    env: Option<Arc<Sent>>,
    /// The file that goes before what else is on standard input.
    sent: Option<Arc<Sent>>,
}

/// On the app's own file; `over` where another follows on standard input.
fn source(ground: &Ground, over: bool) -> Words {
    let env = ground.env.clone();
    // What is said on the command line would go before.
    let env_file = ground.place.env_file.clone().filter(|_| env.is_none());
    let place = Place { env_file, ..ground.place.clone() };
    match &ground.sent {
        Some(sent) => Words { list: compose_sent(&place).collect(), env, sent: Some(Arc::clone(sent)) },
        None => Words { env, ..of_place(&place, over) },
    }
}

/// On the app's own file as it is on the server.
fn on_server(ground: &Ground, over: bool) -> Words {
    of_place(&ground.place, over)
}

fn of_place(place: &Place, over: bool) -> Words {
    let more = if over { ["-f", "-"].as_slice() } else { &[] };
    let list = compose_source(place).chain(more.iter().map(|&it| it.to_owned())).collect();
    Words { list, env: None, sent: None }
}

/// The services of the app's file as it is now.
pub async fn services(ground: &Ground) -> Result<BTreeMap<String, ServiceFacts>, Failure> {
    let words = source(ground, false);
    let (hashes, compose) = tokio::join!(hashes(ground, &words, None), model(ground, &words, None));
    let hashes = hashes?;
    let compose = compose?;
    let all = compose.0.get("services").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(all
        .into_iter()
        .map(|(name, service)| {
            let hash = hashes.get(&name).cloned().unwrap_or_default();
            let facts = facts(&service, hash);
            (name, facts)
        })
        .collect())
}

fn facts(service: &Value, hash: String) -> ServiceFacts {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let count = service.get("scale").or_else(|| service.pointer("/deploy/replicas")).and_then(Value::as_u64);
    let ports = service.get("ports").and_then(Value::as_array).into_iter().flatten();
    let published = |port: &Value| {
        let host = port.get("host_ip").and_then(text).unwrap_or_else(|| "0.0.0.0".to_owned());
        Some(format!("{host}:{}", port.get("published").and_then(text)?))
    };
    ServiceFacts {
        image: service.get("image").and_then(text),
        containers: u16::try_from(count.unwrap_or(1)).unwrap_or(u16::MAX),
        hash,
        ports: ports.filter_map(published).collect(),
        named: service.get("container_name").is_some_and(|it| !it.is_null()),
    }
}

/// The app's file over these images.
pub(super) async fn over(
    ground: &Ground,
    pins: &BTreeMap<String, ImageRef>,
    proxy: Option<&Proxy>,
) -> Result<Rendered, Failure> {
    let words = source(ground, true);
    let mut rendered = render(ground, &words, Some(&overlay(pins, &BTreeMap::new()))).await?;
    rendered.behind = behind(ground, &words, pins, proxy).await?;
    Ok(rendered)
}

/// The file that is on the server, over these images.
pub(super) async fn there(ground: &Ground, pins: &BTreeMap<String, ImageRef>) -> Result<Compose, Failure> {
    model(ground, &on_server(ground, true), Some(&overlay(pins, &BTreeMap::new()))).await
}

/// The hashes of the file that a release was made of, without the pins; empty where Compose does not take
/// that any more.
pub(super) async fn unpinned(ground: &Ground, release: ReleaseNumber) -> BTreeMap<String, String> {
    let words = Words { list: compose_kept(&ground.place, release).collect(), env: None, sent: None };
    hashes(ground, &words, None).await.unwrap_or_default()
}

/// A release's own file.
pub(super) async fn of_release(
    ground: &Ground,
    release: ReleaseNumber,
    proxy: Option<&Proxy>,
) -> Result<Rendered, Failure> {
    let list: Vec<String> = compose_release(&ground.place, release).collect();
    let over = list.iter().cloned().chain(["-f", "-"].map(str::to_owned)).collect();
    let (words, over) = (Words { list, env: None, sent: None }, Words { list: over, env: None, sent: None });
    let pins = BTreeMap::new();
    let (rendered, behind) = tokio::join!(render(ground, &words, None), behind(ground, &over, &pins, proxy));
    Ok(Rendered { behind: behind?, ..rendered? })
}

/// The hash that the service behind the proxy has with each of its ports.
async fn behind(
    ground: &Ground,
    words: &Words,
    pins: &BTreeMap<String, ImageRef>,
    proxy: Option<&Proxy>,
) -> Result<BTreeMap<u16, String>, Failure> {
    let Some((proxy, ports)) = proxy.and_then(|proxy| Some((proxy, proxy.ports?))) else {
        return Ok(BTreeMap::new());
    };
    let hashed = join_all(ports.map(async |host| {
        let port = Published { host, container: proxy.port };
        let over = overlay(pins, &BTreeMap::from([(proxy.service.clone(), port)]));
        let hashes = hashes(ground, words, Some(&over)).await?;
        Ok((host, hashes.get(&proxy.service).cloned().unwrap_or_default()))
    }))
    .await;
    hashed.into_iter().collect()
}

async fn render(ground: &Ground, words: &Words, pins: Option<&str>) -> Result<Rendered, Failure> {
    let whole = compose(ground, words, &["config"], pins);
    let (whole, hashes, model) = tokio::join!(whole, hashes(ground, words, pins), model(ground, words, pins));
    let digest = hex(&Sha256::digest(whole?.as_bytes()));
    Ok(Rendered {
        digest,
        hashes: hashes?,
        behind: BTreeMap::new(),
        unpinned: BTreeMap::new(),
        compose: model?,
    })
}

async fn model(ground: &Ground, words: &Words, pins: Option<&str>) -> Result<Compose, Failure> {
    let text = compose(ground, words, &["config", "--format", "json"], pins).await?;
    let value = serde_json::from_str(&text);
    value.map(Compose).map_err(|error| {
        let what = format!("read what Compose rendered on {}", ground.server);
        // The error names a place in the text, and nothing of what stands there.
        Failure::new(FailureKind::Invalid, what, format!("it is no JSON: line {}", error.line()))
    })
}

async fn hashes(
    ground: &Ground,
    words: &Words,
    pins: Option<&str>,
) -> Result<BTreeMap<String, String>, Failure> {
    let text = compose(ground, words, &["config", "--hash", "*"], pins).await?;
    let pair =
        |line: &str| line.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.trim().to_owned()));
    Ok(text.lines().filter_map(pair).collect())
}

async fn compose(
    ground: &Ground,
    words: &Words,
    more: &[&str],
    stdin: Option<&str>,
) -> Result<String, Failure> {
    let what = format!("render {} on {}", ground.place.file, ground.server);
    let list = words.list.iter().map(String::as_str).chain(more.iter().copied());
    let directory = &ground.place.directory;
    let command = match &words.env {
        Some(env) => {
            let anywhere = if words.sent.is_some() { "anywhere" } else { "" };
            RemoteCommand::script(WITH_ENV).arg(&env.text.len().to_string()).arg(directory).arg(anywhere)
        }
        None if words.sent.is_some() => RemoteCommand::script(ANYWHERE).arg(directory),
        None => RemoteCommand::script(IN_FOLDER).arg(directory),
    };
    let command = command.args(list);
    // Compose takes several documents of one file as it takes several files.
    let stdin = match (&words.sent, stdin) {
        (Some(sent), Some(more)) => format!("{}\n---\n{more}", sent.text),
        (Some(sent), None) => sent.text.clone(),
        (None, stdin) => stdin.unwrap_or_default().to_owned(),
    };
    let before = words.env.as_ref().map(|env| env.text.clone()).unwrap_or_default();
    let command = command.stdin((before + &stdin).into_bytes());
    ground.done(command, &what, DEADLINE).await
}

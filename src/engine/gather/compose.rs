//! What Compose makes of the app's file, and of a release's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::image::ImageRef;
use crate::domain::plan::hex;
use crate::domain::plan::shell::{compose_release, compose_source};
use crate::domain::release::ReleaseNumber;
use crate::engine::ground::Ground;
use crate::operations::facts::{Compose, Rendered, ServiceFacts};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(60);

/// Compose, in the app's folder: there it finds `.env`.
const IN_FOLDER: &str = r#"cd "$1" && shift && exec "$@""#;

/// The services of the app's file as it is now.
pub(super) async fn services(ground: &Ground) -> Result<BTreeMap<String, ServiceFacts>, Failure> {
    let words: Vec<String> = compose_source(&ground.place).collect();
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
    }
}

/// The app's file over these images.
pub(super) async fn over(ground: &Ground, pins: &BTreeMap<String, ImageRef>) -> Result<Rendered, Failure> {
    let more = ["-f", "-"].map(str::to_owned);
    let words: Vec<String> = compose_source(&ground.place).chain(more).collect();
    render(ground, &words, Some(&pins_file(pins))).await
}

/// A release's own file.
pub(super) async fn of_release(ground: &Ground, release: ReleaseNumber) -> Result<Rendered, Failure> {
    let words: Vec<String> = compose_release(&ground.place, release).collect();
    render(ground, &words, None).await
}

/// A Compose file that holds the images alone: JSON on one line, which is YAML too.
pub fn pins_file(pins: &BTreeMap<String, ImageRef>) -> String {
    let services: BTreeMap<&String, Value> =
        pins.iter().map(|(service, image)| (service, json!({ "image": image }))).collect();
    json!({ "services": services }).to_string()
}

async fn render(ground: &Ground, words: &[String], pins: Option<&str>) -> Result<Rendered, Failure> {
    let whole = compose(ground, words, &["config"], pins);
    let (whole, hashes, model) = tokio::join!(whole, hashes(ground, words, pins), model(ground, words, pins));
    let digest = hex(&Sha256::digest(whole?.as_bytes()));
    Ok(Rendered { digest, hashes: hashes?, compose: model? })
}

async fn model(ground: &Ground, words: &[String], pins: Option<&str>) -> Result<Compose, Failure> {
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
    words: &[String],
    pins: Option<&str>,
) -> Result<BTreeMap<String, String>, Failure> {
    let text = compose(ground, words, &["config", "--hash", "*"], pins).await?;
    let pair =
        |line: &str| line.split_once(' ').map(|(name, hash)| (name.to_owned(), hash.trim().to_owned()));
    Ok(text.lines().filter_map(pair).collect())
}

async fn compose(
    ground: &Ground,
    words: &[String],
    more: &[&str],
    stdin: Option<&str>,
) -> Result<String, Failure> {
    let what = format!("render {} on {}", ground.place.file, ground.server);
    let words = words.iter().map(String::as_str).chain(more.iter().copied());
    let command = RemoteCommand::script(IN_FOLDER).arg(&ground.place.directory).args(words);
    let command = command.stdin(stdin.unwrap_or_default().as_bytes());
    ground.done(command, &what, DEADLINE).await
}

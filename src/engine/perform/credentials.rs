//! What a server's user logs in to a registry with, from its Docker configuration. It is held for one
//! request, and goes back to the engine of the same server only.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde_json::Value;

use crate::domain::image::ImageRef;
use crate::engine::ground::Ground;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(10);
/// A configuration with more than this is none.
const LIMIT: usize = 256 * 1024;

const READ: &str = r#"cat "${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null || echo '{}'"#;

/// The key of Docker Hub in it.
const HUB: &str = "https://index.docker.io/v1/";

/// The credentials for an image's registry; `None` where there are none, which public images need not.
pub async fn of(ground: &Ground, image: &ImageRef) -> Option<DockerCredentials> {
    let output =
        ground.transport().await.ok()?.run(RemoteCommand::script(READ), DEADLINE, LIMIT).await.ok()?;
    let config: Value = serde_json::from_slice(&output.stdout).ok()?;
    find(&config, registry(image))
}

fn registry(image: &ImageRef) -> &str {
    match image.repository.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => match first {
            "docker.io" | "index.docker.io" => HUB,
            other => other,
        },
        _ => HUB,
    }
}

fn find(config: &Value, registry: &str) -> Option<DockerCredentials> {
    let auths = config.get("auths")?;
    let entry = auths.get(registry).or_else(|| auths.get(format!("https://{registry}")))?;
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    let both =
        STANDARD.decode(text("auth").unwrap_or_default()).ok().and_then(|it| String::from_utf8(it).ok());
    let (user, password) = match both.as_deref().and_then(|both| both.split_once(':')) {
        Some((user, password)) => (Some(user.to_owned()), Some(password.to_owned())),
        None => (text("username"), text("password")),
    };
    let token = text("identitytoken");
    if password.is_none() && token.is_none() {
        return None;
    }
    Some(DockerCredentials {
        username: user,
        password,
        identitytoken: token,
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_login_is_found_by_the_images_registry() {
        let auth = STANDARD.encode("ops:pa:ss");
        let config = json!({"auths": {"ghcr.io": {"auth": auth}, HUB: {"identitytoken": "t"}}});
        let found = find(&config, registry(&"ghcr.io/acme/shop:1".parse().unwrap())).unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("ops"), Some("pa:ss")));
        assert!(find(&config, registry(&"postgres:16".parse().unwrap())).is_some());
        assert!(find(&config, registry(&"registry:5000/x".parse().unwrap())).is_none());
    }
}

//! What a registry is logged in to with, from the Docker configuration of a server's user: written in
//! it, or kept by a credential helper that it names
//! (<https://docs.docker.com/reference/cli/docker/login/>). Held for as long as it is needed, never
//! written anywhere, and never in a message.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::Value;

use crate::domain::image::{HUB, home};
use crate::transports::{RemoteCommand, Transport, TransportError};

const DEADLINE: Duration = Duration::from_secs(10);
/// A configuration with more than this is none.
const LIMIT: usize = 256 * 1024;

const READ: &str = r#"cat "${DOCKER_CONFIG:-$HOME/.docker}/config.json" 2>/dev/null || echo '{}'"#;

/// A helper is a program beside the others; its standard input is the registry.
const ASK_HELPER: &str =
    r#"PATH="$PATH:/usr/local/bin:$HOME/bin:$HOME/.local/bin"; exec "docker-credential-$1" get"#;

/// The key of Docker Hub in a Docker configuration.
pub const HUB_KEY: &str = "https://index.docker.io/v1/";

/// Who logs in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user; none beside a token.
    pub user: Option<String>,
    /// How.
    pub secret: Proof,
}

/// What proves it.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A password, or what is taken in place of one.
    Password(SecretString),
    /// A token that is exchanged for another (OAuth 2, a refresh token).
    Token(SecretString),
}

/// What the server's user is logged in to a registry with; `None` where that is nothing, which public
/// images need not.
pub async fn of_server(transport: &dyn Transport, registry: &str) -> Result<Option<Login>, TransportError> {
    let output = transport.run(RemoteCommand::script(READ), DEADLINE, LIMIT).await?;
    let Ok(config) = serde_json::from_slice::<Value>(&output.stdout) else { return Ok(None) };
    if let Some(helper) = helper(&config, registry) {
        let command = RemoteCommand::script(ASK_HELPER).arg(helper).stdin(key(registry).as_bytes());
        let kept = transport.run(command, DEADLINE, LIMIT).await?;
        // A helper that knows nothing of it ends otherwise; what it says may hold anything.
        if let Some(login) = kept.success().then(|| from_helper(&kept.stdout)).flatten() {
            return Ok(Some(login));
        }
    }
    Ok(written(&config, registry))
}

/// How the Docker configuration names a registry.
pub fn key(registry: &str) -> &str {
    if home(registry) == HUB { HUB_KEY } else { registry }
}

/// The helper for a registry, else the one for all of them.
fn helper<'a>(config: &'a Value, registry: &str) -> Option<&'a str> {
    let of_one =
        config.get("credHelpers").and_then(|all| all.get(key(registry)).or_else(|| all.get(registry)));
    let name = of_one.or_else(|| config.get("credsStore"))?.as_str()?;
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    ((1..=64).contains(&name.len()) && name.bytes().all(good)).then_some(name)
}

/// What a helper answers (<https://github.com/docker/docker-credential-helpers>).
fn from_helper(answer: &[u8]) -> Option<Login> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
    let secret: SecretString = text("Secret")?.to_owned().into();
    // The user that stands for a token.
    Some(match text("Username").filter(|user| *user != "<token>") {
        Some(user) => Login { user: Some(user.to_owned()), secret: Proof::Password(secret) },
        None => Login { user: None, secret: Proof::Token(secret) },
    })
}

/// What is written in the configuration itself.
fn written(config: &Value, registry: &str) -> Option<Login> {
    let auths = config.get("auths")?;
    let key = key(registry);
    let entry = auths.get(key).or_else(|| auths.get(format!("https://{key}")))?;
    let text =
        |name: &str| entry.get(name).and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned);
    let both =
        STANDARD.decode(text("auth").unwrap_or_default()).ok().and_then(|it| String::from_utf8(it).ok());
    let (user, password) = match both.as_deref().and_then(|both| both.split_once(':')) {
        Some((user, password)) => (Some(user.to_owned()), Some(password.to_owned())),
        None => (text("username"), text("password")),
    };
    if let Some(token) = text("identitytoken") {
        return Some(Login { user, secret: Proof::Token(token.into()) });
    }
    let secret = Proof::Password(password.filter(|it| !it.is_empty())?.into());
    Some(Login { user, secret })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn told(login: Option<Login>) -> String {
        let Some(login) = login else { return "nothing".to_owned() };
        let user = login.user.unwrap_or_default();
        match login.secret {
            Proof::Password(it) => format!("{user}/{}", it.expose_secret()),
            Proof::Token(it) => format!("{user}#{}", it.expose_secret()),
        }
    }

    #[test]
    fn a_login_is_found_by_the_registry() {
        let auth = STANDARD.encode("ops:pa:ss");
        let config = json!({"auths": {"ghcr.io": {"auth": auth}, HUB_KEY: {"identitytoken": "t"}}});
        assert_eq!(told(written(&config, "ghcr.io")), "ops/pa:ss");
        assert_eq!(told(written(&config, "docker.io")), "#t");
        assert_eq!(told(written(&config, "registry:5000")), "nothing");
        assert_eq!(told(written(&json!({"auths": {"a.io": {}}}), "a.io")), "nothing");
    }

    #[test]
    fn a_helper_of_one_registry_goes_before_that_of_all() {
        let config =
            json!({"credsStore": "secretservice", "credHelpers": {"ghcr.io": "pass", "x.io": "../sh"}});
        assert_eq!(helper(&config, "ghcr.io"), Some("pass"));
        assert_eq!(helper(&config, "docker.io"), Some("secretservice"));
        assert_eq!(helper(&config, "x.io"), None, "that is no name of a program");
        assert_eq!(helper(&json!({}), "ghcr.io"), None);
    }

    #[test]
    fn what_a_helper_answers_is_read_and_not_shown() {
        let answer = br#"{"ServerURL":"ghcr.io","Username":"ops","Secret":"hush"}"#;
        assert_eq!(told(from_helper(answer)), "ops/hush");
        assert_eq!(told(from_helper(br#"{"Username":"<token>","Secret":"hush"}"#)), "#hush");
        assert_eq!(told(from_helper(b"credentials not found in native keychain")), "nothing");
        assert!(!format!("{:?}", from_helper(answer)).contains("hush"));
    }
}

//! What a registry is logged in to with, as the engine's API takes it. It is held for one request, and
//! goes to the engine of a server that pulls from that registry only.

use bollard::auth::DockerCredentials;
use secrecy::ExposeSecret;

use crate::domain::failure::Failure;
use crate::domain::image::ImageRef;
use crate::engine::ground::Ground;
use crate::providers::registry::{Login, Proof, login};

/// The credentials for an image's registry; `None` where there are none, which public images need not.
pub async fn of(ground: &Ground, image: &ImageRef) -> Result<Option<DockerCredentials>, Failure> {
    let registry = image.registry();
    Ok(ground.login(registry).await?.map(|login| credentials(login, registry)))
}

fn credentials(login: Login, registry: &str) -> DockerCredentials {
    let (password, token) = match &login.secret {
        Proof::Password(it) => (Some(it.expose_secret().to_owned()), None),
        Proof::Token(it) => (None, Some(it.expose_secret().to_owned())),
    };
    DockerCredentials {
        username: login.user,
        password,
        identitytoken: token,
        serveraddress: Some(login::key(registry).to_owned()),
        ..DockerCredentials::default()
    }
}

//! A server that speaks restic's own protocol, in its second version
//! (<https://restic.readthedocs.io/en/stable/100_references.html#rest-backend>): `rest-server`,
//! `rclone serve restic`.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use http::Method;
use reqwest::Url;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::store::{Kind, Named, Part, Store, StoreError};
use super::web::{Web, content};
use crate::config::Secret;
use crate::domain::clock::Clock;
use crate::http::{HttpError, Request};

/// Asks for lists with sizes.
const SECOND: &str = "application/vnd.x.restic.rest.v2";

/// The server.
#[derive(Debug)]
pub(in crate::repository) struct Rest {
    url: Url,
    user: Option<String>,
    web: Web,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    size: u64,
}

impl Rest {
    /// At an address that ends with a slash.
    pub(in crate::repository) fn new(
        url: Url,
        login: Option<(String, Secret)>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (user, secret) = login.unzip();
        Self { url, user, web: Web::new(clock, secret) }
    }

    async fn request(&self, method: Method, path: &str) -> Result<Request, StoreError> {
        let nonsense = |error| StoreError::Nonsense(format!("{error}"));
        let url = self.url.join(path).map_err(nonsense)?;
        let request = Request { method, ..Request::get(url) };
        let (_, secret) = self.web.ready().await?;
        let Some((user, secret)) = self.user.as_ref().zip(secret.as_ref()) else { return Ok(request) };
        let pair = format!("{user}:{}", secret.expose_secret());
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        Ok(request.secret_header("authorization", &basic.into())?)
    }
}

#[async_trait]
impl Store for Rest {
    fn at(&self) -> String {
        format!("rest:{}", self.url)
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        let request = self.request(Method::POST, "?create=true").await?;
        self.web.send(&request, false).await.map(|_| ())
    }

    async fn list(&self, kind: Kind) -> Result<Vec<(String, u64)>, StoreError> {
        let request = self.request(Method::GET, &format!("{}/", kind.folder())).await?;
        let request = request.header("accept", SECOND)?;
        // A server may make its folders with the first file in them.
        let Some(answer) = self.web.send(&request, true).await? else { return Ok(Vec::new()) };
        let all: Vec<Listed> = serde_json::from_slice(&answer.body)
            .map_err(|error| HttpError::Nonsense(format!("its list of {}: {error}", kind.folder())))?;
        Ok(all.into_iter().map(|it| (it.name, it.size)).collect())
    }

    async fn size(&self, named: &Named) -> Result<Option<u64>, StoreError> {
        let request = self.request(Method::HEAD, &named.to_string()).await?;
        let Some(answer) = self.web.send(&request, false).await? else { return Ok(None) };
        Ok(Some(answer.header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0)))
    }

    async fn read(&self, named: &Named, part: Option<Part>) -> Result<Option<Bytes>, StoreError> {
        let mut request = self.request(Method::GET, &named.to_string()).await?;
        if let Some(part) = part {
            request = request.header("range", &part.header())?;
        }
        self.web.send(&request, true).await?.map(|answer| content(answer, part)).transpose()
    }

    async fn write(&self, named: &Named, bytes: Bytes) -> Result<(), StoreError> {
        let request = self.request(Method::POST, &named.to_string()).await?.body(bytes);
        let answer = self.web.send(&request, true).await?;
        answer.map(|_| ()).ok_or_else(|| StoreError::Nonsense(format!("it does not take {named}")))
    }

    async fn remove(&self, named: &Named) -> Result<(), StoreError> {
        let request = self.request(Method::DELETE, &named.to_string()).await?;
        self.web.send(&request, false).await.map(|_| ())
    }
}

//! A bucket of a service that speaks S3, with the layout that restic has there. Every request is signed in
//! its address (AWS Signature Version 4), for a few minutes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use reqwest::Url;
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use secrecy::ExposeSecret;

use super::store::{Kind, Named, Part, Store, StoreError};
use super::web::{Web, content};
use crate::config::Secret;
use crate::domain::clock::Clock;
use crate::http::{HttpError, Request};

/// How long a signature is good for: a file may take ten minutes.
const GOOD_FOR: Duration = Duration::from_secs(900);

/// The bucket.
#[derive(Debug)]
pub(in crate::repository) struct S3 {
    /// Why it cannot be asked for, where it cannot.
    bucket: Result<Bucket, String>,
    name: String,
    endpoint: Url,
    /// Empty, or ends with a slash.
    prefix: String,
    key: String,
    web: Web,
}

/// Which.
pub(in crate::repository) struct Which<'a> {
    pub(in crate::repository) endpoint: &'a Url,
    pub(in crate::repository) bucket: &'a str,
    pub(in crate::repository) prefix: &'a str,
    pub(in crate::repository) region: &'a str,
    pub(in crate::repository) key: &'a str,
}

impl S3 {
    /// A bucket, asked for by its path, which every service understands.
    pub(in crate::repository) fn new(it: &Which<'_>, secret: Secret, clock: Arc<dyn Clock>) -> Self {
        let name = it.bucket.to_owned();
        let bucket = Bucket::new(it.endpoint.clone(), UrlStyle::Path, name.clone(), it.region.to_owned())
            .map_err(|error| error.to_string());
        let prefix = if it.prefix.is_empty() { String::new() } else { format!("{}/", it.prefix) };
        let (endpoint, key) = (it.endpoint.clone(), it.key.to_owned());
        Self { bucket, name, endpoint, prefix, key, web: Web::new(clock, Some(secret)) }
    }

    fn bucket(&self) -> Result<&Bucket, StoreError> {
        self.bucket.as_ref().map_err(|why| StoreError::Nonsense(why.clone()))
    }

    /// A file's key: data lies in 256 folders by its first two digits.
    fn object(&self, named: &Named) -> String {
        match named.kind {
            Kind::Data => {
                let (folder, name) = (named.kind.folder(), &named.name);
                format!("{}{folder}/{}/{name}", self.prefix, name.get(..2).unwrap_or_default())
            }
            _ => format!("{}{named}", self.prefix),
        }
    }

    async fn credentials(&self) -> Result<Credentials, StoreError> {
        let (_, secret) = self.web.ready().await?;
        let secret = secret.as_ref().map(|it| it.expose_secret().to_owned()).unwrap_or_default();
        Ok(Credentials::new(self.key.clone(), secret))
    }

    fn signed<'a>(&self, action: &impl S3Action<'a>) -> Result<Url, StoreError> {
        let now = self.web.clock().now().as_millis();
        let now = jiff::Timestamp::from_millisecond(now)
            .map_err(|error| StoreError::Nonsense(format!("this machine's clock: {error}")))?;
        Ok(action.sign_with_time(GOOD_FOR, &now))
    }

    fn no_bucket(&self) -> StoreError {
        StoreError::Nonsense(format!("there is no bucket {}", self.name))
    }
}

#[async_trait]
impl Store for S3 {
    fn at(&self) -> String {
        let path = format!("{}/{}", self.name, self.prefix);
        format!("s3:{}{}", self.endpoint, path.trim_end_matches('/'))
    }

    /// A bucket needs no folders, and is its owner's to make.
    async fn prepare(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn list(&self, kind: Kind) -> Result<Vec<(String, u64)>, StoreError> {
        let credentials = self.credentials().await?;
        let (mut found, mut next) = (Vec::new(), None::<String>);
        loop {
            let mut action = self.bucket()?.list_objects_v2(Some(&credentials));
            action.with_prefix(format!("{}{}/", self.prefix, kind.folder()));
            if let Some(token) = next.take() {
                action.with_continuation_token(token);
            }
            let request = Request::get(self.signed(&action)?);
            let answer = self.web.send(&request, true).await?.ok_or_else(|| self.no_bucket())?;
            let page = ListObjectsV2::parse_response(&String::from_utf8_lossy(&answer.body))
                .map_err(|error| HttpError::Nonsense(format!("its list of {}: {error}", kind.folder())))?;
            found.extend(
                page.contents
                    .into_iter()
                    .filter_map(|it| Some((it.key.rsplit('/').next()?.to_owned(), it.size.unwrap_or(0)))),
            );
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn size(&self, named: &Named) -> Result<Option<u64>, StoreError> {
        let (credentials, object) = (self.credentials().await?, self.object(named));
        let url = self.signed(&self.bucket()?.head_object(Some(&credentials), &object))?;
        let request = Request { method: Method::HEAD, ..Request::get(url) };
        let Some(answer) = self.web.send(&request, false).await? else { return Ok(None) };
        Ok(Some(answer.header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0)))
    }

    async fn read(&self, named: &Named, part: Option<Part>) -> Result<Option<Bytes>, StoreError> {
        let (credentials, object) = (self.credentials().await?, self.object(named));
        let mut request = Request::get(self.signed(&self.bucket()?.get_object(Some(&credentials), &object))?);
        if let Some(part) = part {
            request = request.header("range", &part.header())?;
        }
        self.web.send(&request, true).await?.map(|answer| content(answer, part)).transpose()
    }

    async fn write(&self, named: &Named, bytes: Bytes) -> Result<(), StoreError> {
        let (credentials, object) = (self.credentials().await?, self.object(named));
        let url = self.signed(&self.bucket()?.put_object(Some(&credentials), &object))?;
        let request = Request { method: Method::PUT, ..Request::get(url).body(bytes) };
        self.web.send(&request, true).await?.map(|_| ()).ok_or_else(|| self.no_bucket())
    }

    async fn remove(&self, named: &Named) -> Result<(), StoreError> {
        let (credentials, object) = (self.credentials().await?, self.object(named));
        let url = self.signed(&self.bucket()?.delete_object(Some(&credentials), &object))?;
        let request = Request { method: Method::DELETE, ..Request::get(url) };
        self.web.send(&request, false).await.map(|_| ())
    }
}

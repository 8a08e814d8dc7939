//! `[registries.NAME]`: what an image registry is logged in to with, in place of the login that a
//! server's user has there.

use super::mistake::Mistake;
use super::secret::Secret;
use super::table::Table;
use crate::domain::image::home;

/// A login.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistryConfig {
    /// The registry's host as image references have it, with its port where they have one; Docker Hub is
    /// `docker.io`.
    pub host: String,
    /// The user.
    pub user: String,
    /// The password, or the token that stands for it.
    pub password: Secret,
}

impl RegistryConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let host: Option<String> = t.need("host");
        let user: Option<String> = t.need("user");
        let password: Option<Secret> = t.need("password");
        let host = host?;
        let good = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        if !host.bytes().all(good) {
            t.report(
                Mistake::error(t.span_of("host"), "this is no registry's host")
                    .help("as in the image's name: \"ghcr.io\" or \"registry.example:5000\""),
            );
            return None;
        }
        Some(Self { host: home(&host).to_owned(), user: user?, password: password? })
    }
}

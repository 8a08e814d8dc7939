//! `midwatch deploy`: a new release of an app.

use clap::Args as ClapArgs;

use super::Exit;
use super::args::Args;
use super::operate::{Common, Operating, strategy};
use crate::domain::deploy::Strategy;
use crate::domain::failure::{Failure, FailureKind};
use crate::engine::gather::Want;
use crate::operations::deploy;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct DeployArgs {
    /// The app, as the configuration names it
    pub app: String,

    /// The tag of the new image; without it and --digest, the images that the Compose file names
    #[arg(long, value_name = "TAG", conflicts_with = "digest")]
    pub tag: Option<String>,

    /// The digest of the new image, `sha256:…`
    #[arg(long, value_name = "DIGEST")]
    pub digest: Option<String>,

    /// Another strategy than the configured one: recreate, rolling, start-first, blue-green, canary
    #[arg(long, value_name = "STRATEGY", value_parser = strategy)]
    pub strategy: Option<Strategy>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub common: Common,
}

/// Plans, asks, deploys.
pub fn run(args: &Args, deploy: &DeployArgs) -> Result<Exit, Failure> {
    let operating = Operating::on(args, &deploy.app)?;
    let want = match (&deploy.tag, &deploy.digest) {
        (Some(tag), _) => Want::Tag(tag.clone()),
        (None, Some(digest)) => {
            Want::Digest(digest.parse().map_err(|error: crate::domain::image::BadImage| {
                Failure::new(FailureKind::Invalid, format!("deploy {digest}"), error.to_string())
            })?)
        }
        (None, None) => Want::AsWritten,
    };
    let ask = deploy::Ask {
        servers: deploy.common.servers(),
        services: deploy.common.services.clone(),
        strategy: deploy.strategy,
        reason: deploy.common.consent.reason.clone(),
    };
    operating.change(&deploy.common, || {
        let facts = operating.facts(&want, &deploy.common.services);
        Ok(deploy::plan(&operating.spec, &facts, &ask))
    })
}

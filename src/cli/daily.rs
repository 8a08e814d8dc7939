//! The small daily ones: `midwatch restart`, `stop` and `start` an app's containers as they are, `scale`
//! them, `pull` their images.

use clap::Args as ClapArgs;

use super::Exit;
use super::args::Args;
use super::operate::{Common, Operating};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::Operation;
use crate::engine::gather::Want;
use crate::operations::{daily, pull, scale};

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct DailyArgs {
    /// The app, as the configuration names it
    pub app: String,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub common: Common,
}

/// Plans, asks, does it.
pub fn run(args: &Args, operation: Operation, daily: &DailyArgs) -> Result<Exit, Failure> {
    let operating = Operating::on(args, &daily.app)?;
    let ask = daily::Ask {
        operation,
        servers: daily.common.servers(),
        services: daily.common.services.clone(),
        reason: daily.common.consent.reason.clone(),
    };
    operating.change(&daily.common, || {
        let facts = operating.facts(&Want::Standing, &[]);
        Ok(daily::plan(&operating.spec, &facts, &ask))
    })
}

/// The arguments of `scale`.
#[derive(Clone, Debug, ClapArgs)]
pub struct ScaleArgs {
    /// The app, as the configuration names it
    pub app: String,

    /// How many containers of which service, on each server: `web=3`
    #[arg(value_name = "SERVICE=N", required = true)]
    pub numbers: Vec<String>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub common: Common,
}

/// Plans, asks, scales.
pub fn run_scale(args: &Args, it: &ScaleArgs) -> Result<Exit, Failure> {
    let invalid = |why: &str| Failure::new(FailureKind::Invalid, format!("scale {}", it.app), why);
    if !it.common.services.is_empty() {
        return Err(invalid("--service says no number").hint("name it with its number: SERVICE=N"));
    }
    let services = scale::read(&it.numbers.join(" ")).map_err(|why| invalid(&why))?;
    let operating = Operating::on(args, &it.app)?;
    let ask = scale::Ask { services, servers: it.common.servers(), reason: it.common.consent.reason.clone() };
    operating.change(&it.common, || {
        let facts = operating.facts(&Want::Standing, &[]);
        Ok(scale::plan(&operating.spec, &facts, &ask))
    })
}

/// The arguments of `pull`.
#[derive(Clone, Debug, ClapArgs)]
pub struct PullArgs {
    /// The app, as the configuration names it
    pub app: String,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub common: Common,
}

/// Plans, asks, pulls.
pub fn run_pull(args: &Args, it: &PullArgs) -> Result<Exit, Failure> {
    let operating = Operating::on(args, &it.app)?;
    let ask = pull::Ask {
        servers: it.common.servers(),
        services: it.common.services.clone(),
        reason: it.common.consent.reason.clone(),
    };
    operating.change(&it.common, || {
        let facts = operating.facts(&Want::Images, &it.common.services);
        Ok(pull::plan(&operating.spec, &facts, &ask))
    })
}

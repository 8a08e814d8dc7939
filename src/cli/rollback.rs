//! `midwatch rollback`: an earlier release of an app again.

use clap::Args as ClapArgs;

use super::Exit;
use super::args::Args;
use super::operate::{Common, Operating, strategy};
use crate::domain::deploy::Strategy;
use crate::domain::failure::Failure;
use crate::domain::release::ReleaseNumber;
use crate::engine::gather::Want;
use crate::operations::{Refusal, rollback};

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct RollbackArgs {
    /// The app, as the configuration names it
    pub app: String,

    /// The release to go back to; without it, the newest good one before the current
    #[arg(long, value_name = "N")]
    pub to: Option<u32>,

    /// Another strategy than the configured one: recreate, rolling, start-first, blue-green
    #[arg(long, value_name = "STRATEGY", value_parser = strategy)]
    pub strategy: Option<Strategy>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub common: Common,
}

/// Plans, asks, rolls back.
pub fn run(args: &Args, rollback: &RollbackArgs) -> Result<Exit, Failure> {
    let operating = Operating::on(args, &rollback.app)?;
    let ask = rollback::Ask {
        to: rollback.to.map(ReleaseNumber),
        servers: rollback.common.servers(),
        services: rollback.common.services.clone(),
        strategy: rollback.strategy,
        reason: rollback.common.consent.reason.clone(),
    };
    operating.change(&rollback.common, || {
        let to = match rollback::destination(&operating.spec, &operating.facts(&Want::Standing, &[]), &ask) {
            Ok(to) => to,
            Err(Refusal::Senseless(failure)) => return Err(failure),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let facts = operating.facts(&Want::Release(to), &[]);
        let ask = rollback::Ask { to: Some(to), ..ask.clone() };
        Ok(rollback::plan(&operating.spec, &facts, &ask))
    })
}

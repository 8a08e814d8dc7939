//! `midwatch restart`, `stop` and `start`: an app's containers, as they are.

use clap::Args as ClapArgs;

use super::Exit;
use super::args::Args;
use super::operate::{Common, Operating};
use crate::domain::failure::Failure;
use crate::domain::plan::Operation;
use crate::engine::gather::Want;
use crate::operations::daily;

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
        reason: daily.common.reason.clone(),
    };
    let facts = operating.facts(&Want::Standing, &[]);
    operating.carry_out(daily::plan(&operating.spec, &facts, &ask), &daily.common)
}

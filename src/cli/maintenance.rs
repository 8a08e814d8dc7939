//! `midwatch maintenance`: an app's proxy tells visitors that it is in maintenance, or sends them to it
//! again.

use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};

use super::Exit;
use super::args::Args;
use super::operate::{Common, Operating};
use crate::config::duration;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::maintenance::{Notice, RETRY_AFTER};
use crate::engine::gather::Want;
use crate::operations::maintenance::{Ask, plan};

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct MaintenanceArgs {
    /// The app, as the configuration names it
    pub app: String,

    /// Into maintenance, or out of it
    pub to: To,

    /// The sentence that visitors read; the usual one without it
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,

    /// When visitors may come again: Retry-After [default: 2m]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub retry_after: Option<Duration>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub common: Common,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum To {
    /// Visitors get a 503 with a short page
    On,
    /// Visitors get the app again
    Off,
}

/// Plans, asks, does it.
pub fn run(args: &Args, it: &MaintenanceArgs) -> Result<Exit, Failure> {
    let invalid = |why: &str| Failure::new(FailureKind::Invalid, format!("maintenance of {}", it.app), why);
    if !it.common.services.is_empty() {
        return Err(invalid("it is of the whole app, not of a --service"));
    }
    if it.to == To::Off && (it.message.is_some() || it.retry_after.is_some()) {
        return Err(invalid("--message and --retry-after are told by `on`"));
    }
    let retry_after = it.retry_after.unwrap_or(RETRY_AFTER).as_secs().max(1);
    let notice = Notice { message: it.message.clone(), retry_after, reason: None };
    let ask = Ask {
        on: (it.to == To::On).then_some(notice),
        servers: it.common.servers(),
        reason: it.common.consent.reason.clone(),
    };
    let operating = Operating::on(args, &it.app)?;
    operating.change(&it.common, || {
        let facts = operating.facts(&Want::Route, &[]);
        Ok(plan(&operating.spec, &facts, &ask))
    })
}

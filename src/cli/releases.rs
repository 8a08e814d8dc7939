//! `midwatch releases`: the ledger of an app, as its servers hold it.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::args::Args;
use super::operate::Operating;
use super::{Exit, print};
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::release::{Release, ReleaseNumber};
use crate::engine::gather::Want;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ReleasesArgs {
    /// The app, as the configuration names it
    pub app: String,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report {
    app: String,
    servers: BTreeMap<ServerId, Ledger>,
}

#[derive(Serialize)]
struct Ledger {
    current: Option<ReleaseNumber>,
    releases: Vec<Release>,
    failure: Option<Failure>,
}

/// Prints it, newest first.
pub fn run(args: &Args, releases: &ReleasesArgs) -> Result<Exit, Failure> {
    let operating = Operating::on(args, &releases.app)?;
    let facts = operating.facts(&Want::Standing, &[]);
    let mut exit = Exit::Well;
    let mut report = Report { app: releases.app.clone(), servers: BTreeMap::new() };
    for (server, facts) in facts.servers {
        let ledger = match facts {
            Ok(facts) => {
                let releases = facts.releases.into_iter().rev().collect();
                Ledger { current: facts.current, releases, failure: None }
            }
            Err(failure) => {
                exit = Exit::of(&failure);
                Ledger { current: None, releases: Vec::new(), failure: Some(failure) }
            }
        };
        report.servers.insert(server, ledger);
    }
    if releases.json {
        // It holds strings and numbers only.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&report));
    }
    Ok(exit)
}

fn text(report: &Report) -> String {
    let mut out = Vec::new();
    for (server, ledger) in &report.servers {
        out.push(server.to_string());
        if let Some(failure) = &ledger.failure {
            out.push(format!("  {failure}"));
        } else if ledger.releases.is_empty() {
            out.push("  no releases yet: the first deploy records what runs".to_owned());
        }
        for it in &ledger.releases {
            let mark = if ledger.current == Some(it.number) { '*' } else { ' ' };
            let because = it.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
            out.push(format!(
                "{mark} {:>4}  {}  {:<11}  {:<24}  {}{because}",
                it.number,
                it.at.rfc3339(),
                it.outcome.word(),
                it.by,
                it.title()
            ));
        }
    }
    out.join("\n")
}

//! `midwatch tags`: the versions that a deploy can pick from, as a server of the app sees them.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::args::Args;
use super::operate::Operating;
use super::{Exit, print};
use crate::domain::failure::Failure;
use crate::domain::tags::TagList;
use crate::domain::time::{Age, Timestamp};

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct TagsArgs {
    /// The app, as the configuration names it
    pub app: String,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    app: &'a str,
    repositories: &'a [String],
    server: &'a str,
    whole: bool,
    doubt: Option<&'a str>,
    tags: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    /// RFC 3339.
    at: Option<String>,
    present: bool,
}

/// Prints them, newest first.
pub fn run(args: &Args, tags: &TagsArgs) -> Result<Exit, Failure> {
    let operating = Operating::on(args, &tags.app)?;
    let (list, now) = operating.tags()?;
    if tags.json {
        let rows = list.tags.iter().map(|tag| Row {
            name: &tag.name,
            at: tag.at.map(Timestamp::rfc3339),
            present: tag.present,
        });
        let report = Report {
            app: &tags.app,
            repositories: &list.repositories,
            server: list.server.as_str(),
            whole: list.whole,
            doubt: list.doubt.as_deref(),
            tags: rows.collect(),
        };
        // It holds strings only.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&list, now));
    }
    Ok(Exit::Well)
}

fn text(list: &TagList, now: Timestamp) -> String {
    let mut out = vec![format!("{}, asked from {}", list.repositories.join(", "), list.server)];
    if list.tags.is_empty() {
        out.push("  no tags".to_owned());
    }
    let wide = list.tags.iter().map(|tag| tag.name.len()).max().unwrap_or_default().clamp(8, 40);
    for tag in &list.tags {
        let mark = if tag.present { '*' } else { ' ' };
        let at = tag.at.map(|at| format!("  {}  {} ago", at.rfc3339(), Age(at.age(now))));
        out.push(format!("{mark} {:<wide$}{}", tag.name, at.unwrap_or_default()).trim_end().to_owned());
    }
    if list.tags.iter().any(|tag| tag.present) {
        out.push(format!("\n* runs on {}", list.server));
    }
    if !list.whole {
        out.push("there are more tags than these".to_owned());
    }
    if let Some(doubt) = &list.doubt {
        out.push(format!("dates are missing: {doubt}"));
    }
    out.join("\n")
}

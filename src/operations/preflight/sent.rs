//! What becomes of the Compose file on the server where one is sent, and whether what that refers to is
//! there.

use super::Subject;
use crate::domain::plan::{Change, Finding, Judgement, Operation};
use crate::operations::differences::between;
use crate::operations::facts::{Need, Replaced};

/// How many differences are told.
const TOLD: usize = 8;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let (Some(replaced), Some(from)) = (&it.facts.sent, &it.spec.send) else { return Vec::new() };
    match it.operation {
        Operation::Deploy => {
            let needs = replaced.needs.iter().filter_map(|need| needed(it, from, need));
            std::iter::once(stands(it, from, replaced)).chain(needs).collect()
        }
        Operation::Rollback if it.only.is_empty() && edited(replaced, None) => {
            let found = format!(
                "{} was edited there since its release; it is replaced by the release's own, and kept beside that",
                it.place.file
            );
            vec![it.finding("sent", Judgement::Noted, found)]
        }
        _ => Vec::new(),
    }
}

/// Whether the file there is another one than its release was made of.
fn edited(replaced: &Replaced, sent: Option<&str>) -> bool {
    replaced.there.is_some() && replaced.there != replaced.released && replaced.there.as_deref() != sent
}

fn stands(it: &Subject<'_>, from: &str, replaced: &Replaced) -> Finding {
    let name = &it.place.file;
    if replaced.there.is_none() {
        return it.good("sent", format!("{from} is sent; the server has no {name} yet"));
    }
    // Where Compose does not take what is sent, that is told by itself.
    let Some(Ok(sent)) = &it.facts.rendered else {
        return it.finding("sent", Judgement::Noted, format!("{from} would take the place of {name}"));
    };
    let Some(there) = &replaced.rendered else {
        let found = format!("Compose does not take the {name} there; it is replaced by {from}");
        return it.finding("sent", Judgement::Noted, found);
    };
    let changes = between(None, there, &sent.compose);
    let what = if changes.is_empty() {
        "both mean the same".to_owned()
    } else {
        format!("otherwise in {from}: {}", told(&changes))
    };
    if edited(replaced, None) && !changes.is_empty() {
        let since = if replaced.released.is_some() {
            "was edited there since its release"
        } else {
            "is not one that was sent"
        };
        let found = format!("{name} {since}; it is replaced, and kept beside the new release. {what}");
        return it.finding("sent", Judgement::Noted, found);
    }
    it.good("sent", format!("{from} takes the place of {name}; {what}"))
}

fn told(changes: &[Change]) -> String {
    let one = |change: &Change| {
        let side = |it: &Option<String>| it.clone().unwrap_or_else(|| "nothing".to_owned());
        format!("{} ({} instead of {})", change.what, side(&change.to), side(&change.from))
    };
    let mut told: Vec<String> = changes.iter().take(TOLD).map(one).collect();
    if changes.len() > TOLD {
        told.push(format!("{} more", changes.len() - TOLD));
    }
    told.join(", ")
}

/// What is not sent has to be there.
fn needed(it: &Subject<'_>, from: &str, need: &Need) -> Option<Finding> {
    let Need { path, by, .. } = need;
    match (need.there, need.here) {
        (true, _) => None,
        (false, false) if need.made => {
            let found = format!("{path} is not there ({by}): the engine makes an empty folder of it");
            Some(it.finding("sent", Judgement::Noted, found))
        }
        (false, here) => {
            let here = if here { format!(", only beside {from} here") } else { String::new() };
            let found = format!(
                "{by} needs {path}, which is not on the server{here}: the Compose file alone is sent"
            );
            Some(it.refused("sent", found, format!("put it there: scp … {}:{path}", it.server)))
        }
    }
}

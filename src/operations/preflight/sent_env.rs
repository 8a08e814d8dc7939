//! What becomes of the environment file on the server where one is sent: whether it is another one, and
//! never what is in it.

use super::Subject;
use crate::domain::plan::{Finding, Judgement, Operation};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let (Some(replaced), Some(from)) = (&it.facts.env, &it.spec.send_env) else { return Vec::new() };
    let name = it.place.env();
    let edited = replaced.there.is_some() && replaced.there != replaced.released;
    if it.operation == Operation::Rollback {
        if !edited || !it.only.is_empty() {
            return Vec::new();
        }
        let found = format!(
            "{name} was edited there since its release; it is replaced by the release's own, and kept beside that"
        );
        return vec![it.finding("environment", Judgement::Noted, found)];
    }
    if it.operation != Operation::Deploy {
        return Vec::new();
    }
    if replaced.read_by_services {
        let found = format!(
            "the Compose file hands {name} to a service (`env_file`), which reads it from the server's disk: what is sent would not be in it"
        );
        let remedy = "name its variables under the service's `environment`: `TOKEN: ${TOKEN}`".to_owned();
        return vec![it.refused("environment", found, remedy)];
    }
    let found = match replaced.there.as_deref() {
        None => format!("{from} is sent; the server has no {name} yet"),
        there if there == replaced.sent.as_deref() => {
            format!("{from} is sent; it is the same as {name} there")
        }
        Some(_) if edited => {
            let found = format!(
                "{from} takes the place of {name}, which is another one and was not sent by a release; it is kept beside the new release"
            );
            return vec![it.finding("environment", Judgement::Noted, found)];
        }
        Some(_) => format!("{from} takes the place of {name}, which is another one"),
    };
    vec![it.good("environment", found)]
}

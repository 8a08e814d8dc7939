//! A check that meets the maintenance of its app: the 503 is what visitors are meant to get, so it is told
//! as that and is no alarm. What the proxies' files say is asked only where a check met a 503; where one
//! cannot be read, that is told, and nothing is excused by it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::collectors::checks::Means;
use crate::collectors::maintenance::look;
use crate::config::Config;
use crate::domain::app::Maintained;
use crate::domain::check::CheckResult;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{AppId, CheckId, ServerId};
use crate::domain::maintenance::Mark;

/// Judges those that met a 503 anew, by what the proxies of their apps say; which of them are excused.
/// `apps` says which check is of which app.
pub async fn excuse(
    results: &mut [CheckResult],
    apps: &BTreeMap<CheckId, AppId>,
    config: &Config,
    means: &Means,
) -> BTreeSet<CheckId> {
    let met = results.iter().filter(|it| it.met_maintenance()).filter_map(|it| apps.get(&it.check));
    let met: BTreeSet<&AppId> = met.collect();
    let asked = met.into_iter().map(async |app| Some((app.clone(), maintained(app, config, means).await?)));
    let told: BTreeMap<AppId, Maintained> = join_all(asked).await.into_iter().flatten().collect();
    let mut excused = BTreeSet::new();
    for result in results.iter_mut().filter(|it| it.met_maintenance()) {
        let Some(told) = apps.get(&result.check).and_then(|app| told.get(app)) else { continue };
        if let Some(verdict) = judged(&result.verdict, told) {
            if told.mark().is_some() {
                excused.insert(result.check.clone());
            }
            result.verdict = verdict;
        }
    }
    excused
}

/// The verdict in the light of maintenance; `None` where that has no say.
fn judged(verdict: &Verdict, told: &Maintained) -> Option<Verdict> {
    let says = told.says()?;
    Some(match told.mark() {
        Some(_) => Verdict::new(Health::Degraded, format!("{says}; {}", verdict.reason)),
        None => Verdict::new(verdict.health, format!("{}; {says}", verdict.reason)),
    })
}

/// Whether an app is in maintenance, by its proxy's file on each of its servers; `None` where it has none.
async fn maintained(app: &AppId, config: &Config, means: &Means) -> Option<Maintained> {
    let it = config.apps.get(app)?;
    let files = [(app.clone(), it.deploy.proxy.as_ref()?.file.clone())];
    let one = async |server: &ServerId| -> (ServerId, Result<Option<Mark>, String>) {
        let found = match means.servers.transport(server).await {
            Ok(transport) => look(&*transport, server, &files).await,
            Err(failure) => Err(failure),
        };
        let told = match found {
            Ok(told) => told.into_iter().next().map_or(Err("its file was not told of".to_owned()), |it| it.1),
            Err(failure) => Err(failure.reason()),
        };
        (server.clone(), told)
    };
    Some(Maintained::of(join_all(it.servers.iter().map(one)).await))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::maintenance::Notice;
    use crate::domain::time::Timestamp;

    fn told(servers: Vec<(&str, Result<Option<Mark>, &str>)>) -> Maintained {
        Maintained::of(servers.into_iter().map(|(server, it)| (server.into(), it.map_err(str::to_owned))))
    }

    fn mark() -> Mark {
        let notice = Notice { reason: Some("moving".into()), retry_after: 120, message: None };
        Mark { since: Timestamp::from_secs(0), by: "ada@laptop".into(), run: "r".into(), notice }
    }

    #[test]
    fn a_503_is_excused_by_a_mark_that_was_read_and_by_nothing_else() {
        let down = Verdict::new(Health::Down, "it answers 503, not 2xx");
        let on = told(vec![("web-1", Ok(Some(mark())))]);
        let said = "in maintenance since 1970-01-01 00:00Z by ada@laptop: moving; it answers 503, not 2xx";
        assert_eq!(judged(&down, &on), Some(Verdict::new(Health::Degraded, said)));
        assert_eq!(judged(&down, &told(vec![("web-1", Ok(None))])), None);
        let unread = told(vec![("web-1", Ok(None)), ("web-2", Err("no route"))]);
        let said = "it answers 503, not 2xx; whether it is in maintenance is not known of web-2 (no route)";
        assert_eq!(judged(&down, &unread), Some(Verdict::new(Health::Down, said)));
        assert!(unread.mark().is_none());
    }
}

//! A configured app has no container where it should run. It looks at an app on one server, so it
//! is asked for each such pair.

use crate::domain::health::Health;
use crate::domain::problem::Target;
use crate::domain::reading::Freshness;
use crate::domain::setup::AppSetup;
use crate::domain::time::Timestamp;
use crate::store::fleet::finding::{Finding, Kind};
use crate::store::fleet::server::ServerLive;

/// Says so only where the list of containers may be believed; elsewhere the app is unknown for
/// another reason.
pub fn find(app: &AppSetup, server: &ServerLive, now: Timestamp) -> Option<Finding> {
    let fresh = server.containers_freshness(now) == Freshness::Fresh;
    let here = |project: &Option<String>| project.as_deref() == Some(&app.project);
    if !fresh || server.known_containers().iter().any(|container| here(&container.project)) {
        return None;
    }
    let cause = format!("no container of project {} on {}", app.project, server.id());
    Some(Finding {
        id: format!("{}:app:{}", server.id(), app.id).into(),
        target: Target::App(app.id.clone()),
        project: Some(app.project.clone()),
        ..Finding::on_server(server.id(), Kind::Missing, "", Health::Down, cause)
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, server};
    use super::*;

    #[test]
    fn an_app_is_missing_only_where_the_list_is_believed() {
        let app = |project: &str| AppSetup {
            id: "it".into(),
            project: project.into(),
            environment: None,
            servers: vec!["web-1".into()],
            checks: Vec::new(),
            proxied: false,
        };
        let mut it = server("web-1");
        assert_eq!(find(&app("shop"), &it, NOW), None);
        assert_eq!(find(&app("blog"), &it, NOW).unwrap().cause, "no container of project blog on web-1");
        it.containers.last = None;
        assert_eq!(find(&app("blog"), &it, NOW), None);
    }
}

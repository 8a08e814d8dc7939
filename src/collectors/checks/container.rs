//! `container`: whether containers are there, run, and call themselves healthy, by one question to
//! the engine: a direct look, so that a headless check says the same as the console.

use reqwest::Url;
use serde::Deserialize;

use super::attempt::Attempt;
use super::look::Look;
use super::reach::{Miss, Reach};
use crate::config::checks::ContainerCheck;
use crate::domain::health::Health;
use crate::http::limits::Deadline;
use crate::http::{Request, exchange};

/// Where engines listen when nobody says otherwise: Docker, Podman.
const SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];
/// The longest list that is read, in bytes.
const LIST: usize = 8 << 20;

/// A container in the engine's list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    status: String,
}

/// Asks the engine.
pub async fn attempt(check: &ContainerCheck, project: Option<&str>, look: &Look<'_>) -> Attempt {
    let deadline = look.deadline();
    let listed = match list(look, &deadline).await {
        Ok(listed) => listed,
        Err(miss) => return miss.into(),
    };
    let mut attempt = judge(check, project, &listed);
    attempt.latency = Some(deadline.elapsed());
    attempt
}

async fn list(look: &Look<'_>, deadline: &Deadline) -> Result<Vec<Listed>, Miss> {
    let stream = engine(look, deadline).await?;
    let url: Url = "http://engine/containers/json?all=true"
        .parse()
        .map_err(|_| Miss::Look("the engine's address is wrong".to_owned()))?;
    let answer = exchange(stream, &Request::get(url), deadline, LIST).await;
    let answer = answer.map_err(|error| look.reach.blame_look(&error))?;
    if answer.status != 200 || answer.truncated {
        return Err(Miss::Look(format!("the engine answers {}", answer.status)));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| Miss::Look(format!("the engine's list makes no sense: {error}")))
}

/// An engine that cannot be asked says nothing about its containers.
async fn engine(look: &Look<'_>, deadline: &Deadline) -> Result<crate::transports::BoxDuplex, Miss> {
    let configured = match look.reach {
        Reach::Server(server, _) => look.means.sockets.get(server),
        Reach::Here => None,
    };
    let mut first = None;
    for path in configured.map(String::as_str).map_or(SOCKETS.to_vec(), |path| vec![path]) {
        match look.reach.unix(path, deadline).await {
            Ok(stream) => return Ok(stream),
            Err(miss) => first = first.or(Some(miss)),
        }
    }
    Err(match first {
        Some(Miss::Target(reason)) => Miss::Look(reason),
        Some(miss) => miss,
        None => Miss::Look("there is no container engine".to_owned()),
    })
}

/// Whether a container is one of those that the check is about; a one-off of Compose never is.
fn wanted(check: &ContainerCheck, project: Option<&str>, it: &Listed) -> bool {
    let label = |name: &str| it.labels.get(&format!("com.docker.compose.{name}")).map(String::as_str);
    let named = |name: &str| it.names.iter().any(|known| known.trim_start_matches('/') == name);
    project.is_none_or(|project| label("project") == Some(project))
        && check.service.as_deref().is_none_or(|service| label("service") == Some(service))
        && check.name.as_deref().is_none_or(named)
        && !label("oneoff").is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

fn judge(check: &ContainerCheck, project: Option<&str>, listed: &[Listed]) -> Attempt {
    let mut attempt = Attempt::answered(std::time::Duration::ZERO);
    let found: Vec<&Listed> = listed.iter().filter(|it| wanted(check, project, it)).collect();
    let running = found.iter().filter(|it| it.state == "running").count();
    for it in &found {
        let name = it.names.first().map_or("?", |name| name.trim_start_matches('/'));
        attempt.fact(name, &it.status);
        if it.state == "running" && it.status.contains("(unhealthy)") {
            attempt.find(Health::Down, format!("{name} fails its health check"));
        }
        if it.state == "restarting" {
            attempt.find(Health::Down, format!("{name} keeps restarting"));
        }
    }
    let least = check.min_running as usize;
    if found.is_empty() {
        attempt.find(Health::Down, "there is no such container");
    } else if running < least {
        attempt.find(Health::Down, format!("{running} of at least {least} run"));
    }
    attempt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: Option<&str>, name: Option<&str>, min_running: u32) -> ContainerCheck {
        ContainerCheck {
            server: Vec::new(),
            app: None,
            service: service.map(str::to_owned),
            name: name.map(str::to_owned),
            min_running,
        }
    }

    const LISTED: &str = r#"[
        {"Names":["/shop-web-1"],"State":"running","Status":"Up 2 minutes (healthy)",
         "Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web"}},
        {"Names":["/shop-web-2"],"State":"running","Status":"Up 2 minutes (unhealthy)",
         "Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web"}},
        {"Names":["/bad-api-1"],"State":"restarting","Status":"Restarting (1) 5 seconds ago",
         "Labels":{"com.docker.compose.project":"bad","com.docker.compose.service":"api"}}
    ]"#;

    fn reason(check: &ContainerCheck, project: Option<&str>) -> String {
        let listed: Vec<Listed> = serde_json::from_str(LISTED).unwrap();
        judge(check, project, &listed).verdict.reason
    }

    #[test]
    fn containers_are_found_by_project_service_and_name() {
        assert_eq!(reason(&check(None, Some("shop-web-1"), 1), None), "");
        assert_eq!(reason(&check(Some("web"), None, 2), Some("shop")), "shop-web-2 fails its health check");
        assert_eq!(
            reason(&check(Some("api"), None, 1), None),
            "bad-api-1 keeps restarting; 0 of at least 1 run"
        );
        assert_eq!(reason(&check(Some("db"), None, 1), Some("shop")), "there is no such container");
    }
}

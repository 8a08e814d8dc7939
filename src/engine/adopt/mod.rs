//! Looks at a Compose project that somebody started, to say how the configuration would have it.
//! Nothing is changed.

mod started;

use std::time::Duration;

use futures_util::future::join_all;

use self::started::Started;
use super::gather::{compose, containers};
use super::ground::{Engines, Ground};
use crate::domain::adoption::{Adoption, Seen, SeenProxy};
use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::proxy::ProxyKind;
use crate::domain::text::clean;
use crate::operations::adopting::adopted;
use crate::operations::{Running, ServiceFacts};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the folder, `$2` the Compose file, empty where it was started from a release of ours, `$3` the
/// environment file. Prints a line of `word value` for each thing there is.
const LOOK: &str = r#"d=$1 f=$2 e=$3
cd "$d" 2>/dev/null || { echo "folder no"; exit 0; }
if [ -z "$f" ]; then
  for s in .midwatch/releases/current/source/*; do n=${s##*/}
    case $n in '*') ;; *.yaml|*.yml|*.json) f=$d/$n ;; *) [ -f "$n" ] && e=$d/$n ;; esac
  done
fi
echo "file $f"; echo "env $e"
if [ ! -e "$f" ]; then echo "there no"; elif [ ! -r "$f" ]; then echo "there may-not"; else echo "there yes"; fi
[ "$(cd "$(dirname "$f")" 2>/dev/null && pwd -P)" = "$(pwd -P)" ] && echo "beside yes"
[ -z "$e" ] || [ -r "$e" ] && echo "env-there yes"
echo "user $(id -un)"
w=.; [ -d .midwatch ] && w=.midwatch; [ -w "$w" ] && echo "writable yes"
exit 0"#;

/// The ports in `$@`; prints proxy, port and file for each that a proxy's configuration names.
const PROXIES: &str = r#"for p in "$@"; do for x in nginx caddy traefik; do
  f=$(grep -RlsE "(127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0):$p([^0-9]|\$)" "/etc/$x" 2>/dev/null | sort | head -n 1)
  [ "$f" ] && echo "$x $p $f"
done; done
exit 0"#;

/// Looks at a project on these servers.
pub async fn look(engines: &Engines, project: &str, servers: &[ServerId]) -> Adoption {
    let one = async |server: &ServerId| (server.clone(), seen(engines, project, server).await);
    adopted(project, join_all(servers.iter().map(one)).await.into_iter().collect())
}

async fn seen(engines: &Engines, project: &str, server: &ServerId) -> Result<Seen, Failure> {
    let what = format!("adopt {project} on {server}");
    let nowhere = Place {
        project: project.to_owned(),
        directory: "/".to_owned(),
        file: "compose.yaml".to_owned(),
        env_file: None,
    };
    let ground = Ground::reach(engines, server, &nowhere).await?;
    let started = started::of(&ground, &what).await?;
    let (file, env_file, writable) = files(&ground, &started, &what).await?;
    let (directory, name) = file.rsplit_once('/').unwrap_or(("", &file));
    let place = Place {
        directory: if directory.is_empty() { "/".to_owned() } else { directory.to_owned() },
        file: name.to_owned(),
        env_file: env_file.clone(),
        ..nowhere
    };
    let ground = Ground::reach(engines, server, &place).await?;
    let (services, running) = tokio::join!(compose::services(&ground), containers::running(&ground));
    let (services, running) = (services?, running?);
    let proxies = proxies(&ground, &running).await?;
    // What a release of ours runs is pinned: its hash is never that of the file.
    let differs = if started.ours { Vec::new() } else { differs(&services, &running) };
    let services = services.into_iter().map(|(name, it)| (clean(&name).into_owned(), it.image)).collect();
    Ok(Seen { file, env_file, services, differs, writable, proxies })
}

type Files = (String, Option<String>, Result<(), String>);

/// Where its files are, if they are there and can be taken by one name; else what stands against it.
async fn files(ground: &Ground, started: &Started, what: &str) -> Result<Files, Failure> {
    let refused = |kind, why: String| Failure::new(kind, what, why);
    let ours = if started.ours { "" } else { started.file.as_str() };
    let env = started.env_file.as_deref().unwrap_or_default();
    let command = RemoteCommand::script(LOOK).args([started.folder.as_str(), ours, env]);
    let text = ground.done(command, what, DEADLINE).await?;
    let said = |word: &str| text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    let folder = &started.folder;
    if said("folder").is_some() {
        let why = format!("it was started in {folder}, which is gone or may not be entered");
        return Err(refused(FailureKind::NotFound, why)
            .hint("put the folder back, or start the app again from where its Compose file is now"));
    }
    let (file, env) = (said("file").unwrap_or_default().to_owned(), said("env").unwrap_or_default());
    let user = clean(said("user").unwrap_or("this user")).into_owned();
    match said("there") {
        Some("yes") => {}
        Some("may-not") => {
            let why = format!("{user} may not read its Compose file {file}");
            return Err(refused(FailureKind::Permission, why).hint("give this user leave to read it"));
        }
        _ => {
            let why = format!("its Compose file {file} is not there any more");
            return Err(refused(FailureKind::NotFound, why).hint("put the file back"));
        }
    }
    if said("beside") != Some("yes") {
        let why = format!("its Compose file {file} lies elsewhere than its project folder {folder}");
        return Err(refused(FailureKind::Unsupported, why)
            .hint("a deploy takes the file's own folder: start it from there, without --project-directory"));
    }
    if said("env-there") != Some("yes") {
        let why =
            format!("the environment file {env} that it was started with is not there, or may not be read");
        return Err(refused(FailureKind::NotFound, why).hint("put the file back"));
    }
    let writable = if said("writable") == Some("yes") { Ok(()) } else { Err(user) };
    // Compose reads this one by itself.
    let usual = format!("{}/.env", folder.trim_end_matches('/'));
    let env_file = (!env.is_empty() && env != usual).then(|| env.to_owned());
    Ok((file, env_file, writable))
}

/// The services of which a container was made of something else than the file says now.
fn differs(services: &std::collections::BTreeMap<String, ServiceFacts>, running: &[Running]) -> Vec<String> {
    let other = |(name, it): &(&String, &ServiceFacts)| {
        let mut containers = running.iter().filter(|container| container.service == **name);
        containers.any(|container| container.hash != it.hash)
    };
    services.iter().filter(other).map(|(name, _)| clean(name).into_owned()).collect()
}

/// The proxies on the server whose configuration names a port of the project.
async fn proxies(ground: &Ground, running: &[Running]) -> Result<Vec<SeenProxy>, Failure> {
    let ports: Vec<_> =
        running.iter().flat_map(|it| it.ports.iter().map(|port| (it.service.as_str(), *port))).collect();
    if ports.is_empty() {
        return Ok(Vec::new());
    }
    let words: Vec<String> = ports.iter().map(|(_, port)| port.host.to_string()).collect();
    let command = RemoteCommand::script(PROXIES).args(words.iter().map(String::as_str));
    let what = format!("look for a proxy on {}", ground.server);
    let text = ground.done(command, &what, DEADLINE).await?;
    let proxy = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let kind = match words.next()? {
            "nginx" => ProxyKind::Nginx,
            "caddy" => ProxyKind::Caddy,
            "traefik" => ProxyKind::Traefik,
            _ => return None,
        };
        let host: u16 = words.next()?.parse().ok()?;
        let (service, port) = ports.iter().find(|(_, port)| port.host == host)?;
        let file = clean(words.next()?).into_owned();
        Some(SeenProxy { kind, file, service: (*service).to_owned(), host, container: port.container })
    };
    Ok(text.lines().filter_map(proxy).collect())
}

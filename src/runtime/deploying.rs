//! From the configuration to what a deploy is planned of, and who the operator is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use directories::ProjectDirs;

use super::app_checks::AppChecks;
use super::clock::SystemClock;
use super::setup::guard;
use crate::config::{AppConfig, Config, Frame, Probe, nearest};
use crate::domain::archive::ArchiveSpec;
use crate::domain::clock::Clock;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::{AppSpec, Backed, Gate, HttpProbe, Place};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, DatastoreId, EnvironmentId, ServerId};
use crate::domain::proxy::Proxy;
use crate::domain::run::Operator;
use crate::domain::setup::Guard;
use crate::engine::{Engines, Vaults};
use crate::history::journal::Journal;
use crate::operations::backup;
use crate::operations::rewind::from_archive;
use crate::repository::Vault;
use crate::transports::Links;

/// What is configured of an app, ready for planning.
pub fn spec(config: &Config, app: &AppId) -> Result<AppSpec, Failure> {
    let what = format!("find the app {app}");
    let Some(it) = config.apps.get(app) else {
        let failure = Failure::new(FailureKind::NotFound, what, "the configuration has no app of that name");
        let near = nearest(app.as_str(), config.apps.keys().map(AppId::as_str));
        return Err(match near {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(format!("add it: [apps.{app}] with `servers` and `compose`")),
        });
    };
    let invalid = |why: &str, hint: &str| {
        Failure::new(FailureKind::Invalid, format!("deploy {app}"), why)
            .hint(format!("add it to [apps.{app}]: {hint}"))
    };
    if it.servers.is_empty() {
        return Err(invalid("its servers are not configured", "servers = [\"…\"]"));
    }
    let compose = it
        .compose
        .as_ref()
        .ok_or_else(|| invalid("its Compose file is not configured", "compose = \"/…/compose.yaml\""))?;
    let (directory, file) = compose.rsplit_once('/').unwrap_or(("", compose));
    let directory = if directory.is_empty() { "/" } else { directory };
    let place = Place {
        project: it.project.clone(),
        directory: directory.to_owned(),
        file: file.to_owned(),
        env_file: it.deploy.env_file.clone(),
    };
    let of_server = |server: &ServerId| config.servers.get(server).and_then(|it| it.environment.clone());
    let environment = it.environment.clone().or_else(|| it.servers.iter().find_map(of_server));
    let strict = environment.as_ref().and_then(|name| config.environments.get(name));
    let deploy = &it.deploy;
    Ok(AppSpec {
        id: app.clone(),
        project: it.project.clone(),
        guard: strict.map_or(Guard::Confirm, |it| guard(it.guard)),
        environment,
        places: it.servers.iter().map(|server| (server.clone(), place.clone())).collect(),
        servers: it.servers.clone(),
        services: deploy.services.clone(),
        strategy: deploy.strategy,
        at_a_time: deploy.at_a_time,
        gate: gate_of(&deploy.gate, deploy.proxy.as_ref()),
        watch: deploy.watch,
        keep: deploy.keep,
        send: deploy.send.as_ref().map(|path| path.display().to_string()),
        send_env: deploy.send_env.as_ref().map(|path| path.display().to_string()),
        hooks: deploy.hooks.clone(),
        folder: config.folder.as_ref().map(|folder| folder.display().to_string()),
        proxy: deploy
            .proxy
            .clone()
            .map(|proxy| Proxy { site: proxy.site.clone().or_else(|| site(config, app)), ..proxy }),
        canary: deploy.canary.clone(),
        backups: backed(config, it),
    })
}

/// The gate; where nothing is said of whom it asks, that is the service behind the proxy.
fn gate_of(gate: &Gate, proxy: Option<&Proxy>) -> Gate {
    let behind = || proxy.map(|proxy| proxy.service.clone());
    let probe = gate.probe.clone();
    let probe = probe.map(|probe| HttpProbe { service: probe.service.clone().or_else(behind), ..probe });
    Gate { probe, ..gate.clone() }
}

/// The address of an app by which a check asks for it, where the configuration does not say another.
fn site(config: &Config, app: &AppId) -> Option<String> {
    let checks = config.checks.values().filter(|check| check.app.as_ref() == Some(app));
    checks.into_iter().find_map(|check| match &check.probe {
        Probe::Http(http) => Some(http.url.to_string()),
        _ => None,
    })
}

/// The datastores of an app, with how old their backups may be.
fn backed(config: &Config, app: &AppConfig) -> Vec<Backed> {
    let known = app.datastores.iter().filter_map(|id| Some((id, config.datastores.get(id)?)));
    known
        .map(|(id, it)| Backed {
            datastore: id.clone(),
            repository: it.repository.clone(),
            max_age: app.backup_max_age.unwrap_or(it.rpo),
        })
        .collect()
}

/// Whatever has runs by that name: an app, else a datastore; `datastore` where it is known to be one.
pub fn whoever(config: &Config, name: &str, datastore: bool) -> Result<AppSpec, Failure> {
    let app = spec(config, &AppId::from(name));
    let id = DatastoreId::from(name);
    if !config.datastores.contains_key(&id) || (app.is_ok() && !datastore) {
        return app;
    }
    let spec = self::datastore(config, &id)?;
    let places = BTreeMap::from([(spec.server.clone(), backup::place(&spec))]);
    Ok(AppSpec::bare(AppId::from(name), places))
}

/// All that has runs by that name: an app, a datastore, or both.
pub fn all_of(config: &Config, name: &str) -> Vec<AppSpec> {
    let app = spec(config, &AppId::from(name)).ok();
    let is_datastore = config.datastores.contains_key(&DatastoreId::from(name));
    let datastore = is_datastore.then(|| whoever(config, name, true).ok()).flatten();
    app.into_iter().chain(datastore).collect()
}

/// How the servers' engines are reached.
pub fn engines(config: &Config, links: &Arc<Links>) -> Engines {
    let sockets = config.servers.iter().filter_map(|(id, it)| Some((id.clone(), it.docker.clone()?)));
    let logins = config.registries.values().map(|it| (it.host.clone(), it.clone()));
    Engines {
        links: Arc::clone(links),
        sockets: Arc::new(sockets.collect::<BTreeMap<_, _>>()),
        logins: Arc::new(logins.collect::<BTreeMap<_, _>>()),
        vaults: Arc::new(vaults(config, links)),
        checks: Arc::new(AppChecks::of(config, links)),
    }
}

fn vaults(config: &Config, links: &Arc<Links>) -> Vaults {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let vault = |id, it| Vault::new(id, it, Arc::clone(&clock)).over(links);
    let repositories = config.repositories.iter().map(|(id, it)| (id.clone(), vault(id, it)));
    let passwords = config.datastores.iter().filter_map(|(id, it)| Some((id.clone(), it.password.clone()?)));
    Vaults { repositories: repositories.collect(), passwords: passwords.collect() }
}

/// What is configured of a datastore, ready for planning.
pub fn datastore(config: &Config, id: &DatastoreId) -> Result<DatastoreSpec, Failure> {
    let Some(it) = config.datastores.get(id) else {
        let what = format!("find the datastore {id}");
        let failure =
            Failure::new(FailureKind::NotFound, what, "the configuration has no datastore of that name");
        let near = nearest(id.as_str(), config.datastores.keys().map(DatastoreId::as_str));
        return Err(match near {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(format!("add it: [datastores.{id}] with `kind`, `server` and `repository`")),
        });
    };
    let environment = config.servers.get(&it.server).and_then(|server| server.environment.clone());
    let strict = environment.as_ref().and_then(|name| config.environments.get(name));
    Ok(DatastoreSpec {
        id: id.clone(),
        server: it.server.clone(),
        guard: strict.map_or(Guard::Confirm, |it| guard(it.guard)),
        production: production(config, environment.as_ref()),
        environment,
        source: it.source.clone(),
        repository: it.repository.clone(),
        rpo: it.rpo,
        rto: it.rto,
        retention: it.retention,
        keep_replaced: it.keep_replaced,
        assertions: it.assertions.clone(),
        mask: it.mask.clone(),
    })
}

/// Whether an environment is production: by its name, or by the color of its frame.
fn production(config: &Config, environment: Option<&EnvironmentId>) -> bool {
    environment.is_some_and(|name| {
        let framed = config.environments.get(name).is_some_and(|it| it.color == Frame::Production);
        framed || name.as_str() == "production"
    })
}

/// What keeps the write-ahead log of a datastore, where that can restore it.
pub fn archive(config: &Config, spec: &DatastoreSpec) -> Result<ArchiveSpec, Failure> {
    let known = config.datastores.get(&spec.id).and_then(|it| Some(it.archive.as_ref()?.spec(it)));
    from_archive(spec, known)
}

/// An app with all of its datastores, where a name is one of an app and of no datastore.
pub fn app_of_datastores(
    config: &Config,
    name: &str,
) -> Result<Option<(AppSpec, Vec<DatastoreSpec>)>, Failure> {
    let app = AppId::from(name);
    let Some(it) =
        config.apps.get(&app).filter(|_| !config.datastores.contains_key(&DatastoreId::from(name)))
    else {
        return Ok(None);
    };
    let datastores = it.datastores.iter().map(|id| datastore(config, id));
    Ok(Some((spec(config, &app)?, datastores.collect::<Result<_, _>>()?)))
}

/// The same, with the strictness of the server that something of it is changed on.
#[must_use]
pub fn at(config: &Config, spec: DatastoreSpec, server: &ServerId) -> DatastoreSpec {
    let environment = config.servers.get(server).and_then(|server| server.environment.clone());
    let strict = environment.as_ref().and_then(|name| config.environments.get(name));
    let guard = strict.map_or(Guard::Confirm, |it| guard(it.guard));
    let production = production(config, environment.as_ref());
    DatastoreSpec { environment, production, guard, ..spec }
}

/// Whoever runs this process, on this machine.
pub fn operator() -> Operator {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Operator { user: crate::transports::ssh::user(), machine }
}

/// The journal: beside the embedded database where that has a place of its own, else in the user's
/// directory for state, or for data where there is none.
pub fn journal(config: &Config) -> Result<Journal, Failure> {
    if let Some(folder) = config.history.path.as_ref().and_then(|path| path.parent()) {
        return Ok(Journal::at(folder.join("journal.jsonl")));
    }
    let place = ProjectDirs::from("", "", "midwatch").map(|dirs| -> PathBuf {
        dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("journal.jsonl")
    });
    place.map(Journal::at).ok_or_else(|| {
        Failure::new(FailureKind::NotFound, "find the journal", "this user has no home directory")
            .hint("set HOME")
    })
}

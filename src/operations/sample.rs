//! Facts for the tests of planning: one app, on servers that stand as a test says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::facts::{AppFacts, Compose, ProxyFacts, Rendered, Resolved, Running, ServerFacts, ServiceFacts};
use crate::domain::container::{ContainerHealth, ContainerState};
use crate::domain::datastore::{DatastoreSpec, Retention, Source};
use crate::domain::deploy::{AppSpec, Canary, Gate, Place, Strategy};
use crate::domain::ids::{ContainerId, ServerId};
use crate::domain::image::{Digest, ImageRef};
use crate::domain::plan::act::Published;
use crate::domain::plan::{Plan, PlanDigest};
use crate::domain::proxy::{Proxy, ProxyKind};
use crate::domain::release::{Release, ReleaseNumber, ReleaseOutcome};
use crate::domain::run::{Operator, RunId};
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

/// The digest of a version.
pub fn digest(version: u8) -> Digest {
    format!("sha256:{}", format!("{version:02x}").repeat(32)).parse().unwrap()
}

/// The image of a version, pinned.
pub fn image(version: u8) -> ImageRef {
    format!("registry:5000/shop:1.{version}").parse::<ImageRef>().unwrap().pinned(digest(version))
}

/// A datastore that asks for its name, with the usual objectives.
pub fn datastore(id: &str, server: &str, source: Source) -> DatastoreSpec {
    DatastoreSpec {
        id: id.into(),
        server: server.into(),
        environment: None,
        production: false,
        guard: Guard::TypeName,
        source,
        repository: "main".into(),
        rpo: Duration::from_secs(86_400),
        rto: Duration::from_secs(3600),
        retention: Retention::default(),
        keep_replaced: Duration::from_secs(7 * 86_400),
        assertions: Vec::new(),
        mask: None,
    }
}

/// A database.
pub fn postgres(container: Option<&str>, run_as: Option<&str>, database: &str) -> Source {
    Source::Postgres {
        container: container.map(str::to_owned),
        run_as: run_as.map(str::to_owned),
        host: None,
        port: None,
        user: None,
        database: database.to_owned(),
    }
}

/// An app on these servers, behind nginx with two ports.
pub fn spec(servers: &[&str], strategy: Strategy) -> AppSpec {
    let place = Place {
        project: "shop".into(),
        directory: "/srv/shop".into(),
        file: "compose.yaml".into(),
        env_file: None,
    };
    let servers: Vec<ServerId> = servers.iter().map(|&it| it.into()).collect();
    AppSpec {
        id: "shop".into(),
        project: "shop".into(),
        environment: None,
        guard: Guard::Confirm,
        places: servers.iter().map(|it| (it.clone(), place.clone())).collect(),
        servers,
        services: vec!["web".into()],
        strategy,
        at_a_time: 1,
        gate: Gate::default(),
        watch: Duration::from_secs(60),
        keep: 2,
        send: None,
        send_env: None,
        hooks: Vec::new(),
        folder: Some("/home/ann/ops".into()),
        proxy: Some(Proxy {
            kind: ProxyKind::Nginx,
            service: "web".into(),
            port: 8080,
            ports: Some([8081, 8082]),
            file: "/etc/nginx/apps/shop.conf".into(),
            upstream: "shop".into(),
            test: Vec::new(),
            reload: Vec::new(),
            drain: Duration::from_secs(10),
            log: None,
            site: Some("http://shop.example/".into()),
            admin: crate::domain::proxy::admin(),
        }),
        canary: Canary::default(),
        backups: Vec::new(),
    }
}

/// A container of a version, on a port of its server.
pub fn container(name: &str, version: u8, port: u16) -> Running {
    Running {
        id: ContainerId::from(format!("id-of-{name}")),
        name: name.to_owned(),
        service: "web".into(),
        image: image(version).name(),
        digest: Some(digest(version)),
        hash: format!("hash-{version}-{port}"),
        state: ContainerState::Running,
        health: ContainerHealth::Healthy,
        ports: vec![Published { host: port, container: 8080 }],
    }
}

/// A release of a version, good.
pub fn release(number: u32, version: u8) -> Release {
    let plan = PlanDigest::of(b"it");
    Release {
        number: ReleaseNumber(number),
        app: "shop".into(),
        at: Timestamp::default(),
        by: Operator { user: "ops".into(), machine: "laptop".into() },
        reason: None,
        run: RunId::new(Timestamp::default(), &plan),
        plan,
        adopted: false,
        images: BTreeMap::from([("web".to_owned(), image(version))]),
        outcome: ReleaseOutcome::Good,
        because: None,
        migrations: Vec::new(),
    }
}

/// A server on which these run, asked for a version; the proxy sends to these ports.
pub fn server(running: Vec<Running>, routed: &[u16], to: u8, releases: Vec<Release>) -> ServerFacts {
    let lines: Vec<String> = routed.iter().map(|port| format!("server 127.0.0.1:{port};")).collect();
    let text = lines.join("\n");
    let behind = [8081, 8082].map(|port| (port, format!("hash-{to}-{port}")));
    let compose = Compose(json!({ "services": { "web": {} } }));
    let service = ServiceFacts {
        image: None,
        containers: 1,
        hash: "as written".into(),
        ports: Vec::new(),
        named: false,
    };
    ServerFacts {
        writable: Ok(()),
        room: None,
        free: None,
        listening: Some(Vec::new()),
        clock_off: None,
        lock: None,
        current: releases.last().map(|release| release.number),
        releases,
        scale: BTreeMap::new(),
        unfinished: Vec::new(),
        services: Ok(BTreeMap::from([("web".to_owned(), service)])),
        running,
        images: BTreeMap::from([("web".to_owned(), Ok(Resolved { image: image(to), present: true }))]),
        rendered: Some(Ok(Rendered {
            digest: "rendered".into(),
            hashes: BTreeMap::from([("web".to_owned(), format!("hash-{to}"))]),
            behind: behind.into(),
            unpinned: BTreeMap::from([("web".to_owned(), "as written".to_owned())]),
            compose,
        })),
        before: None,
        proxy: Some(ProxyFacts {
            text: Ok(text),
            shut: None,
            writable: Ok(()),
            tested: Ok(()),
            migrates: Some(true),
        }),
        traffic: None,
        sent: None,
        env: None,
    }
}

/// Servers with their facts.
pub fn facts(servers: Vec<(&str, ServerFacts)>) -> AppFacts {
    let servers = servers.into_iter().map(|(name, facts)| (name.into(), Ok(facts))).collect();
    AppFacts {
        as_of: Timestamp::default(),
        servers,
        sent: None,
        env: None,
        backups: BTreeMap::new(),
        checks: Vec::new(),
    }
}

/// The steps of a plan, a line each; those of the way back behind a mark.
pub fn steps(plan: &Plan) -> String {
    let told = |mark: &str, stages: &[crate::domain::plan::Stage]| {
        let lanes = stages.iter().flat_map(|stage| &stage.lanes);
        let steps = lanes.flat_map(|lane| lane.steps.iter().map(move |step| (lane, step)));
        steps
            .map(|(lane, step)| format!("{mark}{}: {}", step.place(&lane.server), step.title))
            .collect::<Vec<_>>()
    };
    [told("", &plan.stages), told("back: ", &plan.undo)].concat().join("\n")
}

//! A first configuration from what the user picked. Whatever the names are that were found, what is
//! written here loads without a mistake.

use std::collections::{BTreeMap, BTreeSet};

use super::app_text;
use super::names::Names;
use super::text::{format_key, format_table};
use crate::config::value::quoted;
use crate::domain::adoption::Entry;
use crate::domain::ids::ServerId;
use crate::domain::text::clean;

/// A server that was picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PickedServer {
    /// What it is called where it was found: a `Host`, a context.
    pub name: String,
    /// Whether it is this machine; then only its name and socket are used.
    pub local: bool,
    /// Its address, where the SSH configuration does not know it by its name.
    pub address: Option<String>,
    /// The user, likewise.
    pub user: Option<String>,
    /// The port, likewise.
    pub port: Option<u16>,
    /// The engine's socket, where it is not a usual one.
    pub docker: Option<String>,
}

/// The names under which servers stand in the text: those that cannot be a server's are mended, and what
/// is reached in the same way has one name.
pub fn server_names(servers: &[PickedServer]) -> Vec<ServerId> {
    let mut names = Names::default();
    let mut ways: BTreeMap<Way, ServerId> = BTreeMap::new();
    let name = |server: &PickedServer| {
        let way = ways.entry(Way::of(server));
        way.or_insert_with(|| names.server(&server.name, server.local).into()).clone()
    };
    servers.iter().map(name).collect()
}

/// The text of a configuration. What is there twice is written once; apps are of servers by the names
/// that [`server_names`] gives.
pub fn write(servers: &[PickedServer], apps: &[Entry]) -> String {
    let mut text = String::from(
        "# Written by `midwatch init`. Every key is described in docs/configuration.md;\n\
         # `midwatch config check` finds mistakes.\n",
    );
    let mut written = BTreeSet::new();
    for (server, name) in servers.iter().zip(server_names(servers)) {
        if !written.contains(&name) {
            text.push_str(&server_text(name.as_str(), server, &Way::of(server)));
            written.insert(name);
        }
    }
    let mut names = Names::default();
    for app in apps.iter().filter(|app| !app.project.is_empty()) {
        text.push_str(&app_text::app(&names.app(&app.project), app));
    }
    text
}

/// How a server is reached: two picks with the same are one server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Local,
    Ssh { address: String, user: Option<String>, port: Option<u16> },
}

impl Way {
    fn of(server: &PickedServer) -> Self {
        if server.local {
            return Self::Local;
        }
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let address = some(&server.address).unwrap_or_else(|| server.name.clone()).to_lowercase();
        Self::Ssh { address, user: some(&server.user), port: server.port.filter(|port| *port > 0) }
    }
}

fn server_text(name: &str, server: &PickedServer, way: &Way) -> String {
    let mut text = format_table("servers", name);
    if !server.local && !server.name.is_empty() && clean(&server.name) != name {
        text.extend(["# ", &clean(&server.name), "\n"]);
    }
    if let Way::Ssh { user, port, .. } = way {
        let found = server.address.as_ref().filter(|address| !address.is_empty()).unwrap_or(&server.name);
        let address = if found.is_empty() { name } else { found };
        if address != name {
            text.push_str(&format_key("address", &quoted(address)));
        }
        if let Some(user) = user {
            text.push_str(&format_key("user", &quoted(user)));
        }
        if let Some(port) = port {
            text.push_str(&format_key("port", &port.to_string()));
        }
    }
    if let Some(docker) = server.docker.as_deref().filter(|path| path.starts_with('/')) {
        text.push_str(&format_key("docker", &quoted(docker)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, parse};
    use crate::domain::adoption::SeenProxy;
    use crate::domain::proxy::ProxyKind;
    use proptest::prelude::*;

    fn any_server() -> impl Strategy<Value = PickedServer> {
        let word =
            || prop_oneof!["[a-c]{0,2}", any::<String>(), Just("local".to_owned()), Just("here".to_owned())];
        let option = || proptest::option::of(word());
        (word(), proptest::bool::weighted(0.1), option(), option(), any::<Option<u16>>(), option()).prop_map(
            |(name, local, address, user, port, docker)| PickedServer {
                name,
                local,
                address,
                user,
                port,
                docker,
            },
        )
    }

    fn any_app() -> impl Strategy<Value = (Entry, Vec<usize>)> {
        let text = || proptest::option::of(any::<String>());
        let words = || prop::collection::vec(any::<String>().prop_filter("none", |it| !it.is_empty()), 0..3);
        let proxy = proptest::option::of((any::<String>(), "[a-z]{1,4}", 1u16.., 1u16..));
        (any::<String>(), prop::collection::vec(0usize..6, 0..4), text(), text(), words(), words(), proxy)
            .prop_map(|(project, servers, compose, env_file, services, notes, proxy)| {
                let proxy = proxy.map(|(file, service, host, container)| SeenProxy {
                    kind: ProxyKind::Nginx,
                    file,
                    service,
                    host,
                    container,
                });
                (Entry { project, compose, env_file, services, notes, proxy, ..Entry::default() }, servers)
            })
    }

    proptest! {
        #[test]
        fn what_is_written_loads_whatever_the_names_are(
            servers in prop::collection::vec(any_server(), 0..6),
            apps in prop::collection::vec(any_app(), 0..4),
        ) {
            let names = server_names(&servers);
            let apps: Vec<Entry> = apps
                .into_iter()
                .map(|(app, at)| {
                    let on: BTreeSet<ServerId> = at.iter().filter_map(|at| names.get(*at).cloned()).collect();
                    Entry { servers: on.into_iter().collect(), ..app }
                })
                .collect();
            let text = write(&servers, &apps);
            match parse(&text, "config.toml", Options::default()) {
                Ok(loaded) => {
                    prop_assert!(loaded.warnings.mistakes().is_empty());
                    let ways: BTreeSet<Way> = servers.iter().map(Way::of).collect();
                    prop_assert_eq!(loaded.config.servers.len(), ways.len().max(1));
                    let apps = apps.iter().filter(|app| !app.project.is_empty());
                    let projects: BTreeSet<&str> = apps.map(|app| app.project.as_str()).collect();
                    let written: BTreeSet<&str> = loaded.config.apps.values().map(|app| app.project.as_str()).collect();
                    prop_assert_eq!(written, projects);
                }
                Err(error) => {
                    let report = error.report().map(|it| it.render(false)).unwrap_or_default();
                    prop_assert!(false, "{}\n{}", text, report);
                }
            }
        }
    }

    #[test]
    fn a_usual_pick_reads_well() {
        let server = |name: &str| PickedServer { name: name.into(), ..PickedServer::default() };
        let servers = [
            PickedServer { local: true, ..server("this machine") },
            server("web-1"),
            PickedServer {
                address: Some("192.0.2.2".into()),
                user: Some("ops".into()),
                port: Some(2222),
                ..server("My Server")
            },
        ];
        let app = Entry {
            project: "shop".into(),
            servers: server_names(&servers)[1..].to_vec(),
            compose: Some("/srv/shop/compose.yaml".into()),
            env_file: Some("/srv/shop/prod.env".into()),
            services: vec!["web".into()],
            notes: vec!["It cannot be deployed on db-1: its Compose file /srv/shop/compose.yaml is not there any more.".into()],
            proxy: Some(SeenProxy {
                kind: ProxyKind::Nginx,
                file: "/etc/nginx/sites-enabled/shop".into(),
                service: "web".into(),
                host: 8081,
                container: 80,
            }),
        };
        insta::assert_snapshot!(write(&servers, &[app]), @r##"
        # Written by `midwatch init`. Every key is described in docs/configuration.md;
        # `midwatch config check` finds mistakes.

        [servers.local]

        [servers.web-1]

        [servers.My-Server]
        # My Server
        address = "192.0.2.2"
        user = "ops"
        port = 2222

        [apps.shop]
        # It cannot be deployed on db-1: its Compose file /srv/shop/compose.yaml is not there any more.
        servers = ["web-1", "My-Server"]
        compose = "/srv/shop/compose.yaml"
        env_file = "/srv/shop/prod.env"
        services = ["web"]
        # nginx sends to its web on port 8081, by /etc/nginx/sites-enabled/shop. For deploys without an
        # interruption have it include a small file instead, and say here which (docs/deploying.md):
        #[apps.shop.proxy]
        #kind = "nginx"
        #file = "/etc/nginx/apps/app.conf"
        #service = "web"
        #port = 80
        #ports = [8081, 8082]
        "##);
    }
}

//! A first configuration from what the user picked. Whatever the names are that were found, what is
//! written here loads without a mistake.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::value::quoted;
use crate::domain::ids::ServerId;
use crate::domain::text::{clean, is_hostile};

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

/// A Compose project that was found and picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PickedApp {
    /// The project's name.
    pub project: String,
    /// Places of its servers among the picked ones.
    pub servers: Vec<usize>,
    /// Its file on the servers.
    pub compose: Option<String>,
}

/// What was picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picks {
    /// The servers.
    pub servers: Vec<PickedServer>,
    /// The apps.
    pub apps: Vec<PickedApp>,
}

/// The text of a configuration. Names that cannot be a server's are mended; what is there twice is
/// written once.
pub fn write(picks: &Picks) -> String {
    let mut text = String::from(
        "# Written by `midwatch init`. Every key is described in docs/configuration.md;\n\
         # `midwatch config check` finds mistakes.\n",
    );
    let mut names = Names::default();
    let mut ways = BTreeMap::new();
    // The name under which each pick stands in the text.
    let mut written: Vec<String> = Vec::new();
    for server in &picks.servers {
        let way = Way::of(server);
        if let Some(name) = ways.get(&way) {
            written.push(String::clone(name));
            continue;
        }
        let name = names.server(&server.name, server.local);
        text.push_str(&server_text(&name, server, &way));
        ways.insert(way, name.clone());
        written.push(name);
    }
    let mut names = Names::default();
    for app in picks.apps.iter().filter(|app| !app.project.is_empty()) {
        let name = names.app(&app.project);
        let servers: BTreeSet<&String> = app.servers.iter().filter_map(|at| written.get(*at)).collect();
        text.push_str(&format_table("apps", &name));
        if name != app.project {
            text.push_str(&format_key("project", &quoted(&app.project)));
        }
        if !servers.is_empty() {
            let list: Vec<String> = servers.into_iter().map(|server| quoted(server)).collect();
            text.push_str(&format_key("servers", &format!("[{}]", list.join(", "))));
        }
        if let Some(compose) = app.compose.as_deref().filter(|path| path.starts_with('/')) {
            text.push_str(&format_key("compose", &quoted(compose)));
        }
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

fn format_table(section: &str, name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let name = if bare && !name.is_empty() { name.to_owned() } else { key(name) };
    format!("\n[{section}.{name}]\n")
}

/// A key that is not bare: a basic string on one line (TOML 1.0, "Keys").
fn key(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            // Names have been mended before: no control character is left in them.
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

fn format_key(key: &str, value: &str) -> String {
    format!("{key} = {value}\n")
}

/// Names that are given, each once.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn server(&mut self, wanted: &str, local: bool) -> String {
        if local {
            return self.once(ServerId::LOCAL);
        }
        let name = plain(wanted, "server");
        let reserved = name == ServerId::LOCAL || name == "here";
        if reserved { self.once(&format!("{name}-server")) } else { self.once(&name) }
    }

    fn app(&mut self, wanted: &str) -> String {
        self.once(&plain(wanted, "app"))
    }

    fn once(&mut self, name: &str) -> String {
        let mut numbered = name.to_owned();
        let mut n = 2;
        while !self.0.insert(numbered.clone()) {
            numbered = format!("{name}-{n}");
            n += 1;
        }
        numbered
    }
}

/// A name without what names may not have, with room for a number behind it.
fn plain(wanted: &str, otherwise: &str) -> String {
    let bad = |c: char| c == '/' || c.is_whitespace() || is_hostile(c);
    let mut name: String = wanted.chars().map(|c| if bad(c) { '-' } else { c }).collect();
    while name.len() > 48 {
        name.pop();
    }
    let name = name.trim_matches('-');
    if name.is_empty() { otherwise.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, parse};
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

    fn any_app() -> impl Strategy<Value = PickedApp> {
        (any::<String>(), prop::collection::vec(0usize..6, 0..4), proptest::option::of(any::<String>()))
            .prop_map(|(project, servers, compose)| PickedApp { project, servers, compose })
    }

    proptest! {
        #[test]
        fn what_is_written_loads_whatever_the_names_are(
            servers in prop::collection::vec(any_server(), 0..6),
            apps in prop::collection::vec(any_app(), 0..4),
        ) {
            let picks = Picks { servers, apps };
            let text = write(&picks);
            match parse(&text, "config.toml", Options::default()) {
                Ok(loaded) => {
                    prop_assert!(loaded.warnings.mistakes().is_empty());
                    let ways: BTreeSet<Way> = picks.servers.iter().map(Way::of).collect();
                    prop_assert_eq!(loaded.config.servers.len(), ways.len().max(1));
                    let apps = picks.apps.iter().filter(|app| !app.project.is_empty());
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
        let picks = Picks {
            servers: vec![
                PickedServer { local: true, ..server("this machine") },
                server("web-1"),
                PickedServer {
                    address: Some("192.0.2.2".into()),
                    user: Some("ops".into()),
                    port: Some(2222),
                    ..server("My Server")
                },
            ],
            apps: vec![PickedApp {
                project: "shop".into(),
                servers: vec![1, 2],
                compose: Some("/srv/shop/compose.yaml".into()),
            }],
        };
        insta::assert_snapshot!(write(&picks), @r#"
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
        servers = ["My-Server", "web-1"]
        compose = "/srv/shop/compose.yaml"
        "#);
    }
}

//! `[apps.NAME]` as text, for a Compose project that was found.

use super::text::{comment, format_key, format_table, list};
use crate::config::value::quoted;
use crate::domain::adoption::{Entry, SeenProxy};
use crate::domain::ids::ServerId;
use crate::domain::text::clean;

/// The table of an app under this name; it begins with an empty line.
pub(super) fn app(name: &str, entry: &Entry) -> String {
    let mut text = format_table("apps", name);
    for note in &entry.notes {
        text.push_str(&comment(note));
    }
    if name != entry.project {
        text.push_str(&format_key("project", &quoted(&entry.project)));
    }
    if !entry.servers.is_empty() {
        text.push_str(&format_key("servers", &list(entry.servers.iter().map(ServerId::as_str))));
    }
    let paths = [("compose", &entry.compose), ("env_file", &entry.env_file)];
    for (key, path) in paths {
        // The loader takes no other.
        if let Some(path) = path.as_deref().filter(|path| path.starts_with('/')) {
            text.push_str(&format_key(key, &quoted(path)));
        }
    }
    if !entry.services.is_empty() {
        text.push_str(&format_key("services", &list(entry.services.iter().map(String::as_str))));
    }
    text.extend(entry.proxy.as_ref().map(|proxy| before(name, proxy)));
    text
}

/// What is known of the proxy before it. Which file it is to include only a person can say, so the
/// table is there to be filled in.
fn before(name: &str, proxy: &SeenProxy) -> String {
    let SeenProxy { kind, file, service, host, container } = proxy;
    let word = kind.word();
    let mut text = comment(&format!(
        "{word} sends to its {service} on port {host}, by {file}. For deploys without an interruption have it \
         include a small file instead, and say here which (docs/deploying.md):"
    ));
    let keys = [
        ("kind", quoted(word)),
        ("file", quoted(&format!("/etc/{word}/apps/app.conf"))),
        ("service", quoted(&clean(service))),
        ("port", container.to_string()),
        ("ports", format!("[{host}, {}]", host.checked_add(1).unwrap_or(host - 1))),
    ];
    let table = format_table("apps", name).trim_start().replace(']', ".proxy]");
    let rows = std::iter::once(table).chain(keys.map(|(key, value)| format_key(key, &value)));
    text.extend(rows.map(|row| format!("#{row}")));
    text
}

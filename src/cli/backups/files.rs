//! `midwatch backups NAME --files` and `--find`: what backups hold.

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::json;

use crate::cli::operate::Desk;
use crate::cli::{Exit, print};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::Failure;
use crate::domain::file_list::{FileEntry, FileKind, FoundFiles};
use crate::engine::browse;

/// A file as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    path: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    leads_to: Option<&'a str>,
    bytes: u64,
    written_at: Option<String>,
}

fn printed(it: &FileEntry) -> Printed<'_> {
    let (kind, leads_to) = match &it.kind {
        FileKind::File => ("file", None),
        FileKind::Folder => ("folder", None),
        FileKind::Link(to) => ("link", Some(to.as_str())),
        FileKind::Other => ("other", None),
    };
    let written_at = it.at.map(crate::domain::time::Timestamp::rfc3339);
    Printed { path: &it.path, kind, leads_to, bytes: it.bytes.0, written_at }
}

fn line(it: &FileEntry) -> String {
    let at = it.at.map_or_else(|| " ".repeat(16), crate::domain::time::Timestamp::minute);
    let behind = match &it.kind {
        FileKind::Folder => "/".to_owned(),
        FileKind::Link(to) => format!(" -> {to}"),
        FileKind::File | FileKind::Other => String::new(),
    };
    format!("{:>5}  {at:>16}  {}{behind}", it.bytes.to_string(), it.path)
}

/// Lists the files of one backup.
pub fn list(desk: &Desk, spec: &DatastoreSpec, id: &str, under: &str, json: bool) -> Result<Exit, Failure> {
    let listed = desk.headless.tasks.block_on(browse::files(&desk.engines, spec, id, under));
    let (backup, list) = listed?;
    if json {
        let files: Vec<Printed<'_>> = list.entries.iter().map(printed).collect();
        let all = json!({
            "datastore": spec.id, "backup": backup.id, "taken_at": backup.at.rfc3339(),
            "files": files, "left_out": list.left_out,
        });
        print(&serde_json::to_string_pretty(&all).unwrap_or_default());
    } else {
        let mut lines = vec![format!("{}  {}  {}", spec.id, backup.short(), backup.at.rfc3339())];
        lines.extend(list.entries.iter().map(|it| format!("  {}", line(it))));
        if list.left_out > 0 {
            lines.push(format!("  and {} more: name a folder behind the id", list.left_out));
        }
        print(&lines.join("\n"));
    }
    Ok(if list.entries.is_empty() { Exit::Problem } else { Exit::Well })
}

/// Looks for files in all backups of a datastore. 1 where none is found, or not all could be read.
pub fn find(desk: &Desk, spec: &DatastoreSpec, typed: &str, json: bool) -> Result<Exit, Failure> {
    let goes_on = |_: &FoundFiles| ControlFlow::Continue(());
    let found = desk.headless.tasks.block_on(browse::find(&desk.engines, spec, typed, goes_on))?;
    if json {
        let files: Vec<serde_json::Value> = found
            .files
            .iter()
            .map(|it| json!({ "backup": it.backup, "taken_at": it.taken.rfc3339(), "file": printed(&it.file) }))
            .collect();
        let unread: Vec<serde_json::Value> =
            found.unread.iter().map(|(id, why)| json!({ "backup": id, "why": why })).collect();
        let all = json!({
            "datastore": spec.id, "files": files, "left_out": found.left_out,
            "looked_through": found.looked, "of": found.of, "unread": unread,
        });
        print(&serde_json::to_string_pretty(&all).unwrap_or_default());
    } else {
        let rows = found.files.iter();
        let mut lines: Vec<String> = rows
            .map(|it| format!("{}  {}  {}", it.backup.short(), it.taken.minute(), line(&it.file)))
            .collect();
        if found.left_out > 0 {
            lines.push(format!("and {} more", found.left_out));
        }
        lines
            .extend(found.unread.iter().map(|(id, why)| format!("{}  could not be read: {why}", id.short())));
        lines.push(format!(
            "{} found in {} backups",
            found.files.len() as u64 + found.left_out,
            found.looked
        ));
        print(&lines.join("\n"));
    }
    let well = !found.files.is_empty() && found.unread.is_empty();
    Ok(if well { Exit::Well } else { Exit::Problem })
}

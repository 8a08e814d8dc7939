//! What is looked at before a backup is brought back.

use super::backup::place;
use super::findings::Findings;
use super::restore::Ask;
use super::restore_facts::{Archive, Data, DatabaseServer, RestoreFacts, Stands};
use crate::domain::backup::Backup;
use crate::domain::beside::{called, made_at, noun, standing};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::only::Only;
use crate::domain::plan::Finding;
use crate::domain::quantity::Bytes;
use crate::domain::sql::Purpose;
use crate::domain::time::Age;

/// Connections that a restore needs beside those that are there.
const CONNECTIONS: i64 = 3;

impl Findings<'_> {
    fn archive(&mut self, archive: &Archive, server: &DatabaseServer, backup: &Backup) {
        match archive.major {
            Some(major) if major > server.major => self.refuse(
                "version",
                format!("the backup is of PostgreSQL {major}, the server is {}", server.version),
                "bring it back into a server of that version or a later one",
                true,
            ),
            Some(major) => {
                self.good("version", format!("{}, the backup is of {major}", server.version));
            }
            None => self.note("version", format!("{}; the backup says none", server.version)),
        }
        let missing: Vec<&str> =
            archive.extensions.difference(&server.extensions).map(String::as_str).collect();
        if !missing.is_empty() {
            let found = format!("the server has no {}", missing.join(", "));
            self.refuse("extensions", found, "install what is missing there", false);
        }
        let found = format!(
            "{} of {}, {}, {} tables; its first bytes are in order, the rest is checked as it is read",
            backup.short(),
            backup.at.rfc3339(),
            backup.bytes,
            archive.rows.len()
        );
        self.good("backup", found);
    }

    /// What is needed to put something in its place.
    pub(super) fn swapping(&mut self, server: &Stands) {
        match server {
            Stands::Server(it) if !it.may_swap => {
                let stood = standing(&self.spec.source);
                let found = format!("the role may not rename {stood} or end the sessions in it");
                let remedy = "its owner with createdb and pg_signal_backend may, and a superuser";
                self.refuse("rights", found, remedy, false);
            }
            Stands::Data(Data { cannot_swap: Some((why, remedy)), .. }) => {
                self.refuse("swap", why.clone(), remedy, false);
            }
            _ => {}
        }
    }

    fn data(&mut self, data: &Data, backup: &Backup, swap: bool) {
        self.good("version", data.version.clone());
        let when = backup.at.rfc3339();
        let found = format!("{} of {when}, {}; it is checked as it is read", backup.short(), backup.bytes);
        self.good("backup", found);
        if let Some((why, remedy)) = &data.cannot_load {
            self.refuse("load", why.clone(), remedy, false);
        }
        for note in &data.notes {
            self.note("there", note.clone());
        }
        let live = data.live.unwrap_or_default();
        // What stands in a Redis is in no file yet: it is written beside what is brought.
        let wanted = match self.spec.source {
            Source::Redis { .. } if swap => Bytes(live.0.saturating_add(backup.bytes.0)),
            _ => live.max(backup.bytes),
        };
        room(self, data.room, wanted);
    }

    /// What is needed to bring a backup back at all.
    pub(super) fn loading(
        &mut self,
        facts: &RestoreFacts,
        stands: &Stands,
        backup: &Backup,
        rehearsal: bool,
        swap: bool,
    ) {
        let server = match stands {
            Stands::Server(server) => server,
            Stands::Data(data) => return self.data(data, backup, swap),
        };
        match &facts.archive {
            Some(Ok(archive)) => self.archive(archive, server, backup),
            // A rehearsal is there to find just that.
            Some(Err(failure)) if rehearsal => self.note("backup", failure.to_string()),
            Some(Err(failure)) => self.refuse("backup", failure.to_string(), "another: --backup ID", false),
            None => {}
        }
        if !server.may_create {
            let found = "the role may not make databases".to_owned();
            self.refuse("rights", found, "alter role … createdb", false);
        }
        match server.free_connections {
            Some(free) if free < CONNECTIONS => self.refuse(
                "connections",
                format!("{free} are free, {CONNECTIONS} are needed"),
                "end some that are idle, or raise max_connections",
                true,
            ),
            Some(free) => self.good("connections", format!("{free} are free")),
            None => self.note("connections", "how many are free could not be read".to_owned()),
        }
        let wanted = server.live.unwrap_or_default().max(backup.bytes);
        room(self, server.room, wanted);
    }
}

/// What stands that ours could take the place of.
fn present(findings: &mut Findings<'_>, spec: &DatastoreSpec, server: &Stands) {
    let (stood, noun) = (standing(&spec.source), noun(&spec.source));
    if let Some(bytes) = server.live() {
        findings.good(noun, format!("{stood} stands there with {bytes}"));
        return;
    }
    let usual = match server {
        Stands::Server(_) => ": encoding, locale and owner are the server's usual ones",
        Stands::Data(_) => "",
    };
    findings.note(noun, format!("{stood} is not there{usual}"));
}

fn room(findings: &mut Findings<'_>, room: Option<Bytes>, wanted: Bytes) {
    match room {
        Some(room) if room < wanted => findings.refuse(
            "room",
            format!("{room} free where its data is, about {wanted} are needed beside what stands"),
            "make room there",
            true,
        ),
        Some(room) => findings.good("room", format!("{room} free where its data is, about {wanted} needed")),
        None => findings.note("room", "how much room there is could not be read".to_owned()),
    }
}

/// All of it, for a restore into a database of this name.
pub(super) fn findings(
    spec: &DatastoreSpec,
    facts: &RestoreFacts,
    server: &Stands,
    ask: &Ask,
    only: &Only,
    into: &str,
) -> Vec<Finding> {
    let mut findings = Findings::new(spec, ask.reason.is_some());
    findings.lock(facts.lock.as_ref(), &place(spec), "nobody else works on it");
    present(&mut findings, spec, server);
    findings.some(only);
    if let Some(from) = &facts.from {
        findings.origin(&from.spec, into);
        if ask.swap && server.live().is_some() {
            findings.safe_place(facts);
        }
    }
    if server.names().contains(into) {
        let found = format!("there is a {} {into} already", noun(&spec.source));
        findings.refuse("name", found, "another: --to", false);
    }
    if ask.swap || ask.to.is_some() && matches!(server, Stands::Data(_)) {
        findings.swapping(server);
    }
    if let Some(backup) = &facts.backup {
        findings.loading(facts, server, backup, false, ask.swap);
    }
    for name in server.names() {
        for (purpose, what) in
            [(Purpose::Before, "a restore replaced"), (Purpose::Restore, "a restore left beside")]
        {
            if let Some(at) = made_at(name, &spec.source, purpose) {
                let age = Age(at.age(facts.as_of));
                findings.note(
                    "beside",
                    format!("{} stands there, which {what} {age} ago", called(&spec.source, name)),
                );
            }
        }
    }
    findings.all
}

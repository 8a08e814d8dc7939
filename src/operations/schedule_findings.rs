//! What is looked at before a schedule is installed or taken away.

use super::findings::Findings;
use super::schedule::{Ask, Does, Gone, place};
use super::schedule_facts::Machine;
use super::schedule_units::Units;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::plan::Finding;
use crate::domain::schedule::Scope;

/// The first restic that stores nothing where the program that it reads fails.
const RESTIC: (u32, u32) = (0, 17);
/// The first systemd that hands secrets to a service.
const SYSTEMD: u32 = 247;

/// What is looked at before one is taken away.
pub(super) fn removing(spec: &DatastoreSpec, gone: &Gone, machine: &Machine, scope: Scope) -> Vec<Finding> {
    let mut findings = Findings::on(spec, gone.server.clone(), gone.reason.is_some());
    findings.lock(machine.lock.as_ref(), &place(spec), "nobody else changes its schedules");
    permitted(&mut findings, machine, scope);
    findings.all
}

fn permitted(findings: &mut Findings, machine: &Machine, scope: Scope) {
    let user = &machine.user;
    match scope {
        Scope::System if machine.root => findings.good("units", format!("{user} may write what is root's")),
        Scope::System => findings.refuse(
            "units",
            format!("{user} may not write what is root's: sudo asks for a password"),
            "a user's own: --user",
            false,
        ),
        Scope::User if machine.lingers => findings.good("units", format!("{user} lingers")),
        Scope::User => findings
            .note("units", format!("they run only while {user} is logged in: loginctl enable-linger {user}")),
    }
}

/// Whether the service gets to its repository's host: nobody is there at night to answer a question.
fn reached(
    findings: &mut Findings,
    ask: &Ask,
    machine: &Machine,
    ssh: &str,
    who: &str,
    away: &Result<(), String>,
) {
    let Err(why) = away else {
        return findings.good("ssh", format!("{who} knows the repository's host, and is let in by its key"));
    };
    let by = if *who == machine.user { format!("ssh {ssh}") } else { format!("sudo -u {who} ssh {ssh}") };
    let on = &ask.server;
    let remedy = if why.starts_with("its host key") {
        format!("see why before anything else: the known_hosts of {who} on {on}")
    } else if why.contains("Host key verification failed") {
        format!("compare its fingerprint and accept it, on {on}: {by}")
    } else if why.contains("Permission denied") {
        format!("a key without a passphrase for {who} on {on}, which the host lets in: {by}")
    } else {
        format!("on {on} this has to work, and to ask nothing: {by}")
    };
    findings.refuse("ssh", format!("{who} does not get to the repository's host: {why}"), &remedy, false);
}

/// What is looked at before one is installed.
pub(super) fn installing(
    spec: &DatastoreSpec,
    ask: &Ask,
    machine: &Machine,
    scope: Scope,
    written: &Units,
) -> Vec<Finding> {
    let mut findings = Findings::on(spec, ask.server.clone(), ask.reason.is_some());
    findings.lock(machine.lock.as_ref(), &place(spec), "nobody else changes its schedules");
    match machine.systemd {
        Some(version) if version >= SYSTEMD => findings.good("systemd", format!("systemd {version}")),
        Some(version) => {
            let found = format!("systemd {version}, which hands no secrets to a service");
            findings.refuse("systemd", found, "systemd 247 or later", false);
        }
        None => findings.refuse("systemd", "no systemd here".to_owned(), "another server: --on", false),
    }
    permitted(&mut findings, machine, scope);
    match &machine.next {
        Ok(next) => findings.good("calendar", format!("{} comes next {next}", ask.calendar)),
        Err(why) => findings.refuse("calendar", why.clone(), "man systemd.time: calendar events", false),
    }
    for secret in &ask.unreachable {
        findings.refuse("secrets", secret.clone(), "a file that only its owner may read, or a command", true);
    }
    match &ask.does {
        Does::Midwatch { program, config, writes, .. } => {
            for path in [program, config].into_iter().chain(writes) {
                if path.starts_with("/tmp/") || path.starts_with("/var/tmp/") {
                    let found = format!("{path} is among temporary files, of which the service has its own");
                    findings.refuse("paths", found, "another place for it", false);
                }
            }
            if spec.server != ask.server {
                findings.note(
                    "keys",
                    format!("{} is reached without an agent: by a key that needs no passphrase", spec.server),
                );
            }
        }
        Does::Restic { ssh, .. } => {
            if let (Some(ssh), Some(who), Some(away)) = (ssh, &written.goes, &machine.away) {
                reached(&mut findings, ask, machine, ssh, who, away);
            }
            for program in &written.programs {
                if !machine.programs.contains(*program) {
                    findings.refuse("programs", format!("{program} is not there"), "install it there", false);
                }
            }
            match machine.restic {
                Some(version) if version >= RESTIC => {
                    findings.good("restic", format!("restic {}.{}", version.0, version.1));
                }
                Some((major, minor)) => findings.refuse(
                    "restic",
                    format!("restic {major}.{minor} makes a backup of a dump that broke off"),
                    "restic 0.17 or later",
                    false,
                ),
                // That it is not there was said.
                None => {}
            }
        }
    }
    match machine.repository {
        Some(true) => findings.good("repository", "it is there".to_owned()),
        Some(false) => findings.refuse(
            "repository",
            "there is none where the service looks for it".to_owned(),
            "see that it is mounted; a new one: midwatch backup --init, or restic init",
            false,
        ),
        None => findings.note("repository", "whether it is there is seen by the first run".to_owned()),
    }
    for note in &written.notes {
        findings.note("service", note.clone());
    }
    findings.all
}

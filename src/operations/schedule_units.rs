//! The text of a schedule's units: what they run, and as little as they need for it.

use std::time::Duration;

use super::schedule::{Ask, Does};
use crate::domain::datastore::{DatastoreSpec, Retention, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::shell_data::{of_postgres, read_by};
use crate::domain::plan::units::{CREDENTIALS, Credential};
use crate::domain::schedule::{Chore, Scope, UnitFile};
use crate::domain::sql;

/// What a service may do without (systemd.exec(5), "Sandboxing"). Each of these keeps it from becoming
/// somebody else too.
const ALONE: &[&str] = &[
    "NoNewPrivileges=yes",
    "PrivateDevices=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
];

/// What a user's own manager may take from a service.
const OWN: &[&str] = &[
    "NoNewPrivileges=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
];

/// What all of them get: the rest of the machine is there to be read, and nothing else.
const APART: &[&str] = &[
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "ProtectControlGroups=yes",
    "UMask=0077",
];

/// The first line of each file of ours.
pub const MARK: &str = "# Written by midwatch schedule install; midwatch schedule remove takes it away.";

/// The units of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// The service, then the timer.
    pub files: Vec<UnitFile>,
    /// What the service reads of secrets, by the files' names.
    pub credentials: Vec<(String, Credential)>,
    /// Who goes to the repository by SSH, where somebody does.
    pub goes: Option<String>,
    /// Programs that have to be there.
    pub programs: Vec<&'static str>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// What the service runs, and with what.
#[derive(Default)]
struct Service {
    lines: Vec<String>,
    goes: Option<String>,
    credentials: Vec<(String, Credential)>,
    programs: Vec<&'static str>,
    notes: Vec<String>,
}

/// Writes them; `user` is who installs them.
pub fn units(spec: &DatastoreSpec, ask: &Ask, scope: Scope, user: &str) -> Result<Units, Failure> {
    let name = ask.name(spec);
    let service = match &ask.does {
        Does::Midwatch { .. } => by_midwatch(spec, ask, scope, user),
        Does::Restic { address, .. } => by_restic(spec, ask, address, user)?,
    };
    let what = match ask.chore {
        Chore::Backup => format!("Back up {}", spec.id),
        Chore::Drill => format!("Rehearse restoring {}", spec.id),
    };
    let what = value(&what);
    let network = "Wants=network-online.target\nAfter=network-online.target\n";
    let network = if scope == Scope::System { network } else { "" };
    let body = service.lines.join("\n");
    let service_text =
        format!("{MARK}\n[Unit]\nDescription={what}\n{network}\n[Service]\nType=oneshot\n{body}\n");
    let calendar = value(&ask.calendar);
    let timer_text = format!(
        "{MARK}\n[Unit]\nDescription={what}, on a schedule\n\n[Timer]\nOnCalendar={calendar}\nPersistent=true\n\n\
         [Install]\nWantedBy=timers.target\n"
    );
    Ok(Units {
        files: vec![
            UnitFile { name: name.service(), text: service_text },
            UnitFile { name: name.timer(), text: timer_text },
        ],
        credentials: service.credentials,
        goes: service.goes,
        programs: service.programs,
        notes: service.notes,
    })
}

/// midwatch itself, with the configuration that it was installed from.
fn by_midwatch(spec: &DatastoreSpec, ask: &Ask, scope: Scope, user: &str) -> Service {
    let Does::Midwatch { program, config, writes, environment } = &ask.does else {
        return Service::default();
    };
    let mut lines = Vec::new();
    if scope == Scope::System && user != "root" {
        lines.push(format!("User={}", value(user)));
    }
    lines.extend(environment.iter().map(|(name, text)| set(name, text)));
    let words = [program, "--config", config, ask.chore.word(), spec.id.as_str(), "--yes"];
    lines.push(start(words));
    lines.extend(journaled());
    let mut notes = Vec::new();
    let becomes = matches!(
        &spec.source,
        Source::Postgres { container: None, run_as: Some(_), .. }
            | Source::Redis { container: None, run_as: Some(_), .. }
            | Source::Files { run_as: Some(_), .. }
    );
    let sudo = becomes && spec.server == ask.server;
    lines.extend(APART.iter().map(|&line| line.to_owned()));
    match scope {
        Scope::User => lines.extend(OWN.iter().map(|&line| line.to_owned())),
        Scope::System if sudo => {
            notes
                .push("it becomes another user by sudo, which the service has to be left able to".to_owned());
        }
        Scope::System => {
            lines.extend(ALONE.iter().map(|&line| line.to_owned()));
            let root = if user == "root" { "CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH" } else { "" };
            lines.push(format!("CapabilityBoundingSet={root}"));
        }
    }
    lines.extend(writes.iter().map(|path| format!("ReadWritePaths={}", word(path))));
    Service { lines, notes, ..Service::default() }
}

/// Who such a service is, where that is not whoever installs it.
pub fn runs_as(source: &Source) -> Option<&str> {
    match source {
        Source::Postgres { container: None, run_as, .. } | Source::Files { run_as, .. } => run_as.as_deref(),
        _ => None,
    }
}

/// restic, which takes what the datastore's own program writes, and keeps nothing of it where that fails.
fn by_restic(spec: &DatastoreSpec, ask: &Ask, address: &str, user: &str) -> Result<Service, Failure> {
    let unit = ask.name(spec).unit();
    let unsupported = |why: String| {
        let what = format!("schedule {} by restic", spec.id);
        Failure::new(FailureKind::Unsupported, what, why).hint("let the console do it: --by midwatch")
    };
    if ask.chore == Chore::Drill {
        return Err(unsupported("a drill is midwatch's own".to_owned()));
    }
    let folder = address.starts_with('/');
    let ssh = address.starts_with("sftp:");
    let mut source = spec.source.clone();
    let (run_as, container, program) = match &mut source {
        Source::Postgres { container: Some(_), .. } if ask.password => {
            return Err(unsupported(
                "a password does not come into a container: name its `run_as`".to_owned(),
            ));
        }
        Source::Postgres { container: Some(_), .. } => (None, true, "docker"),
        Source::Postgres { run_as, .. } => (run_as.take(), false, "pg_dump"),
        Source::Files { run_as, .. } => (run_as.take(), false, "tar"),
        Source::Redis { .. } | Source::Volume { .. } => {
            return Err(unsupported(format!(
                "kind \"{}\" is not read by a program alone",
                spec.source.kind()
            )));
        }
    };
    let mut lines = Vec::new();
    let mut notes = Vec::new();
    // Whoever the server makes up for the service alone owns no folder, and reads no files.
    let made_up = run_as.is_none() && !folder && !ssh && !matches!(source, Source::Files { .. });
    let mut programs = vec!["restic", program];
    let goes = ssh.then(|| run_as.as_deref().unwrap_or(user).to_owned());
    if let Some(who) = &goes {
        programs.push("ssh");
        notes.push(format!(
            "restic goes to the repository by the ssh of {who} there: with a key that needs no passphrase, and \
             a host that its known_hosts knows"
        ));
    }
    match (&run_as, made_up) {
        (Some(run_as), _) => lines.push(format!("User={}", value(run_as))),
        (None, true) => lines.push("DynamicUser=yes".to_owned()),
        (None, false) => lines.push(format!("User={}", value(user))),
    }
    if container {
        lines.push("SupplementaryGroups=docker".to_owned());
        notes.push(
            "whoever may use the container engine may do anything there: it needs that to read it".to_owned(),
        );
    }
    let mut credentials =
        vec![(format!("{unit}.repository"), Credential::Repository(spec.repository.clone()))];
    lines.push(format!("LoadCredential=repository:{CREDENTIALS}/{}", word(&format!("{unit}.repository"))));
    lines.push(set("RESTIC_REPOSITORY", address));
    lines.push("Environment=RESTIC_PASSWORD_FILE=%d/repository".to_owned());
    lines.push(format!("CacheDirectory={}", word(&unit)));
    lines.push("CacheDirectoryMode=0700".to_owned());
    lines.push(format!("Environment=\"RESTIC_CACHE_DIR=%C/{}\"", inner(&unit)));
    if ask.password && matches!(source, Source::Postgres { .. }) {
        let file = format!("{unit}.datastore");
        lines.push(format!("LoadCredential=datastore:{CREDENTIALS}/{}", word(&file)));
        lines.push("Environment=PGPASSFILE=%d/datastore".to_owned());
        credentials.push((file, Credential::Postgres(spec.id.clone())));
    }
    if let Source::Postgres { database, .. } = &mut source
        && !database.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        *database = sql::connection(database);
    }
    if let Source::Postgres { run_as: within, .. } = &source {
        // Only a superuser may read the passwords of roles.
        let all = run_as.as_deref().or(within.as_deref()) == Some("postgres");
        let passwords: &[&str] = if all { &[] } else { &["--no-role-passwords"] };
        let globals = of_postgres(&source, &["pg_dumpall", "--globals-only", "-w"], passwords);
        lines.push(stored(spec, ask, "globals-of:", "globals.sql", globals));
        lines.push(kept(spec, "globals-of:"));
        notes.push(format!("roles go into a backup of their own, with the tag globals-of:{}", spec.id));
    }
    lines.push(stored(spec, ask, "datastore:", source.file(), read_by(&source)));
    lines.push(kept(spec, "datastore:"));
    lines.extend(journaled());
    lines.extend(APART.iter().chain(ALONE).map(|&line| line.to_owned()));
    let root = if run_as.as_deref() == Some("root") { "CAP_DAC_READ_SEARCH" } else { "" };
    lines.push(format!("CapabilityBoundingSet={root}"));
    lines.extend(folder.then(|| format!("ReadWritePaths={}", word(address))));
    Ok(Service { lines, goes, credentials, programs, notes })
}

/// restic's command that stores what a program writes as a file of the datastore's, as midwatch names it.
fn stored(spec: &DatastoreSpec, ask: &Ask, tag: &str, file: &str, program: Vec<String>) -> String {
    let head = [
        "restic",
        "backup",
        "--retry-lock",
        "10m",
        "--host",
        ask.server.as_str(),
        "--tag",
        &format!("{tag}{}", spec.id),
        "--tag",
        &format!("by:schedule@{}", ask.server),
        "--stdin-filename",
        // A folder in it fails in restic 0.18.0.
        file,
        "--stdin-from-command",
        "--",
    ]
    .map(str::to_owned);
    start(head.into_iter().chain(program))
}

/// restic's command that forgets what the datastore's retention does not keep.
fn kept(spec: &DatastoreSpec, tag: &str) -> String {
    let Retention { within, last, hourly, daily, weekly, monthly } = spec.retention;
    let tag = format!("{tag}{}", spec.id);
    let mut words = ["restic", "forget", "--retry-lock", "10m", "--tag", &tag, "--group-by", ""]
        .map(str::to_owned)
        .to_vec();
    words.extend(["--keep-within".to_owned(), span(within)]);
    for (name, number) in
        [("last", last), ("hourly", hourly), ("daily", daily), ("weekly", weekly), ("monthly", monthly)]
    {
        if number > 0 {
            words.extend([format!("--keep-{name}"), number.to_string()]);
        }
    }
    start(words)
}

/// A span as restic takes it: `30d`, `1d12h`.
fn span(it: Duration) -> String {
    let hours = it.as_secs().div_ceil(3600).max(1);
    match (hours / 24, hours % 24) {
        (0, hours) => format!("{hours}h"),
        (days, 0) => format!("{days}d"),
        (days, hours) => format!("{days}d{hours}h"),
    }
}

fn journaled() -> Vec<String> {
    ["StandardOutput=journal", "StandardError=journal", "SyslogIdentifier=%N", "Nice=10"]
        .map(str::to_owned)
        .to_vec()
}

/// A value of a single line, in which `%` begins nothing (systemd.unit(5), "Specifiers").
fn value(text: &str) -> String {
    text.replace('%', "%%").replace(['\n', '\r', '\0'], " ")
}

/// The inside of double quotes (systemd.syntax(7), "Quoting").
fn inner(text: &str) -> String {
    value(text).replace('\\', r"\\").replace('"', "\\\"")
}

/// One word among several.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("\"{}\"", inner(text)) }
}

fn set(name: &str, text: &str) -> String {
    format!("Environment={}", word(&format!("{name}={text}")))
}

/// A command; a `$` in it is a `$` (systemd.service(5), "Command lines").
fn start<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<String> = words.into_iter().map(|it| word(it.as_ref()).replace('$', "$$")).collect();
    format!("ExecStart={}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_word_means_anything_to_systemd() {
        assert_eq!(
            start(["a", "b c", "d\"e\\f", "$HOME %h", ""]),
            r#"ExecStart=a "b c" "d\"e\\f" "$$HOME %%h" """#
        );
        assert_eq!(set("A", "x y"), r#"Environment="A=x y""#);
    }

    #[test]
    fn a_span_is_restics() {
        let of = |hours: u64| span(Duration::from_secs(hours * 3600));
        assert_eq!([of(0), of(5), of(48), of(36)], ["1h", "5h", "2d", "1d12h"]);
    }
}

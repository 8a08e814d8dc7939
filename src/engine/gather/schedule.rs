//! How systemd stands on a server before a schedule is installed, and which schedules there are. Nothing is
//! changed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::survey::held;
use crate::config::repository_sftp::SftpPlace;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::Failure;
use crate::domain::ids::{DatastoreId, ServerId};
use crate::domain::schedule::{ScheduleName, Scheduled, Scope};
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::domain::unit::instant;
use crate::engine::ground::{Engines, Ground};
use crate::operations::schedule::place;
use crate::operations::schedule_facts::{Machine, ScheduleFacts, Standing};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(30);
/// The longest text of a field of the list, in characters.
const LONGEST: usize = 300;

/// `$1` the schedule's folder, `$2` the calendar, `$3` the repository's folder or nothing; where it is reached by
/// SSH `$4` the host, `$5` its port, `$6` who logs in there, `$7` a file of the repository's, `$8` who the service
/// is; then the units' names. Whoever the service is has no agent, and is asked nothing.
const SCRIPT: &str = r#"o=$1 a=$2 r=$3 t=$4 p=$5 l=$6 q=$7 w=$8; shift 8; export LC_ALL=C TZ=UTC SYSTEMD_COLORS=0 SYSTEMD_PAGER=
echo "user $(id -un)"; root=; if [ "$(id -u)" = 0 ]; then root=1; elif sudo -n true 2>/dev/null; then root=1; fi
[ "$root" ] && echo root
as() { if [ "$root" ] && [ "$(id -u)" != 0 ]; then sudo -n -- "$@"; else "$@"; fi; }
[ -e "/var/lib/systemd/linger/$(id -un)" ] && echo linger
[ -e "$o/.midwatch/lock" ] && sed 's/^/lock /' "$o/.midwatch/lock"
for p in restic pg_dump tar docker ssh; do command -v $p >/dev/null && echo "has $p"; done
command -v restic >/dev/null && echo "restic $(restic version 2>/dev/null | cut -d' ' -f2)"
[ "$r" ] && { as test -e "$r/config" && echo "repository yes" || echo "repository no"; }
w=${w:-$(id -un)}
it() { if [ "$w" = "$(id -un)" ]; then env -u SSH_AUTH_SOCK "$@"; elif [ "$(id -u)" = 0 ]; then runuser -u "$w" -- env -u SSH_AUTH_SOCK "$@"; else sudo -n -u "$w" -- env -u SSH_AUTH_SOCK "$@"; fi; }
if [ "$t" ] && command -v sftp >/dev/null && { [ "$root" ] || [ "$w" = "$(id -un)" ]; }; then
e=$(cd / && printf 'ls -1 "%s"\n' "$q" | it timeout 15 sftp -b - -o ConnectTimeout=10 ${p:+-P "$p"} ${l:+-o "User=$l"} "$t" 2>&1 >/dev/null); c=$?
case $c:$e in 0:*) echo reached; echo "repository yes";; 1:*"Can't ls"*|1:*'not found'*|1:*'No such file'*) echo reached; echo "repository no";; 124:*) echo "unreached it does not answer";;
*) if printf '%s\n' "$e" | grep -q 'IDENTIFICATION HAS CHANGED'; then echo "unreached its host key is not the one that is known"
else echo "unreached $(printf '%s\n' "$e" | tr -d '\r' | grep -v -e '^Connection closed\.* *$' -e '^$' | tail -n 1)"; fi;; esac; fi
command -v systemctl >/dev/null || exit 0
echo "systemd $(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
if c=$(systemd-analyze calendar -- "$a" 2>&1); then echo "next $(printf '%s\n' "$c" | sed -n 's/^ *Next elapse: //p')"
else echo "bad $(printf '%s\n' "$c" | head -n 1)"; fi
f() { for n in $3; do [ -f "$2/$n" ] && h=$(sha256sum <"$2/$n") && { echo "file $1 $n ${h%% *}"; sed 's/^/| /' "$2/$n"; echo; }; done; }
for n in "$@"; do f system /etc/systemd/system "$n"; f user "${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user" "$n"; done
exit 0"#;

/// Where a service is to find its repository.
#[derive(Clone, Copy, Debug)]
pub enum Sought<'a> {
    /// Nobody looks for it.
    Nowhere,
    /// In a folder of the server's.
    Folder(&'a str),
    /// Over SSH.
    Sftp {
        /// Where.
        place: &'a SftpPlace,
        /// Who the service is, where that is not whoever installs it.
        who: Option<&'a str>,
    },
}

impl Sought<'_> {
    /// What the script is told of it.
    fn args(self) -> [String; 6] {
        match self {
            Self::Nowhere => Default::default(),
            Self::Folder(folder) => {
                [folder.to_owned(), String::new(), String::new(), String::new(), String::new(), String::new()]
            }
            Self::Sftp { place, who } => {
                let host =
                    if place.host.contains(':') { format!("[{}]", place.host) } else { place.host.clone() };
                let port = place.port.map(|port| port.to_string()).unwrap_or_default();
                // As sftp's own commands have it.
                let file = format!("{}/config", place.path).replace('\\', r"\\").replace('"', "\\\"");
                let user = place.user.clone().unwrap_or_default();
                [String::new(), host, port, user, file, who.unwrap_or_default().to_owned()]
            }
        }
    }
}

/// Reads it.
pub async fn schedule(
    engines: &Engines,
    spec: &DatastoreSpec,
    name: &ScheduleName,
    on: &ServerId,
    calendar: &str,
    repository: Sought<'_>,
    now: Timestamp,
) -> ScheduleFacts {
    let machine = async {
        let what = format!("look at systemd on {on}");
        let place = place(spec);
        let ground = Ground::reach(engines, on, &place).await?;
        let (service, timer) = (name.service(), name.timer());
        let sought = repository.args();
        let command = RemoteCommand::script(SCRIPT)
            .args([place.directory.as_str(), calendar])
            .args(sought.iter().map(String::as_str))
            .args([service.as_str(), &timer]);
        Ok(machine(&ground.done(command, &what, DEADLINE).await?))
    };
    ScheduleFacts { as_of: now, machine: machine.await }
}

fn machine(text: &str) -> Machine {
    let mut it = Machine::default();
    let mut locks = Vec::new();
    let mut file: Option<(Scope, String)> = None;
    for line in text.lines() {
        if let Some(text) = line.strip_prefix("| ") {
            if let Some(standing) = file.as_ref().and_then(|key| it.units.get_mut(key)) {
                standing.text.push_str(text);
                standing.text.push('\n');
            }
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "user" => it.user = clean(rest).into_owned(),
            "root" => it.root = true,
            "linger" => it.lingers = true,
            "lock" => locks.push(rest),
            "has" => drop(it.programs.insert(rest.to_owned())),
            "restic" => it.restic = version(rest),
            "repository" => it.repository = Some(rest == "yes"),
            "reached" => it.away = Some(Ok(())),
            "unreached" => it.away = Some(Err(shorten(&clean(rest), 200).into_owned())),
            "systemd" => it.systemd = rest.parse().ok(),
            "next" if !rest.is_empty() && rest != "never" => it.next = Ok(clean(rest).into_owned()),
            "next" => it.next = Err("that never comes".to_owned()),
            "bad" => it.next = Err(shorten(&clean(rest), 120).into_owned()),
            "file" => file = standing(&mut it.units, rest),
            _ => {}
        }
    }
    it.lock = held(&locks);
    it
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// `system midwatch-backup-x.timer HASH`.
fn standing(units: &mut BTreeMap<(Scope, String), Standing>, text: &str) -> Option<(Scope, String)> {
    let mut words = text.split(' ');
    let (scope, name, hash) = (scope(words.next()?), words.next()?.to_owned(), words.next()?.to_owned());
    units.insert((scope, name.clone()), Standing { hash, text: String::new() });
    Some((scope, name))
}

fn scope(word: &str) -> Scope {
    if word == Scope::User.word() { Scope::User } else { Scope::System }
}

/// Tells of each schedule of either manager.
const LIST: &str = r#"export LC_ALL=C TZ=UTC SYSTEMD_COLORS=0 SYSTEMD_PAGER= XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
command -v systemctl >/dev/null || exit 0
l() { cd "$2" 2>/dev/null || return 0
  for f in midwatch-backup-*.timer midwatch-drill-*.timer; do [ -e "$f" ] || continue; s=${f%.timer}.service
    echo "schedule $1 ${f%.timer}"
    sed -n 's/^OnCalendar=/calendar /p' "$f" | head -n 1
    sed -n 's/^ExecStart=/runs /p' "$s" 2>/dev/null | tail -n 2 | head -n 1
    systemctl $3 show -p UnitFileState -p ActiveState -p LastTriggerUSec -p NextElapseUSecRealtime -- "$f" 2>/dev/null | sed 's/^/timer /'
    systemctl $3 show -p Result -p ActiveState -p ExecMainExitTimestamp -- "$s" 2>/dev/null | sed 's/^/service /'
  done; }
l system /etc/systemd/system ''; l user "${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user" --user
exit 0"#;

/// A schedule that stands on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Of which datastore.
    pub datastore: DatastoreId,
    /// Of whose manager.
    pub scope: Scope,
    /// When, in systemd's words.
    pub calendar: String,
    /// Whether restic does it alone; else midwatch does.
    pub restic: bool,
    /// Whether its timer starts with the machine.
    pub enabled: bool,
    /// How it stands.
    pub scheduled: Scheduled,
}

/// The schedules on a server.
pub async fn schedules(engines: &Engines, on: &ServerId) -> Result<Vec<Listed>, Failure> {
    let what = format!("list the schedules on {on}");
    let transport = engines.links.get(on).await?;
    let output = transport.run(RemoteCommand::script(LIST), DEADLINE, crate::engine::ground::KEPT).await;
    let output = output.map_err(|error| error.into_failure(&what))?;
    if !output.success() {
        return Err(crate::engine::ground::unsuccessful(&output, &what));
    }
    Ok(listed(&output.text(), on))
}

fn listed(text: &str, on: &ServerId) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    let mut known = false;
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "schedule" {
            let found =
                rest.split_once(' ').and_then(|(word, unit)| Some((scope(word), ScheduleName::of(unit)?)));
            known = found.is_some();
            all.extend(found.map(|(scope, name)| Listed {
                datastore: name.datastore,
                scope,
                calendar: String::new(),
                restic: false,
                enabled: false,
                scheduled: Scheduled {
                    server: on.clone(),
                    chore: name.chore,
                    last: None,
                    next: None,
                    result: String::new(),
                    running: false,
                },
            }));
            continue;
        }
        let Some(it) = all.last_mut().filter(|_| known) else { continue };
        match word {
            "calendar" => it.calendar = shorten(&clean(rest), LONGEST).into_owned(),
            "runs" => it.restic = rest.starts_with("restic "),
            "timer" => match rest.split_once('=') {
                Some(("UnitFileState", state)) => it.enabled = state == "enabled",
                Some(("LastTriggerUSec", at)) => it.scheduled.last = instant(at),
                Some(("NextElapseUSecRealtime", at)) => it.scheduled.next = instant(at),
                _ => {}
            },
            "service" => match rest.split_once('=') {
                Some(("Result", result)) => {
                    it.scheduled.result = shorten(&clean(result), LONGEST).into_owned();
                }
                // A timer that makes up for missed runs tells of the time of its installation until it fires.
                Some(("ExecMainExitTimestamp", at)) => {
                    it.scheduled.last = instant(at).or(it.scheduled.last);
                }
                Some(("ActiveState", state)) => {
                    it.scheduled.running = matches!(state, "activating" | "active");
                }
                _ => {}
            },
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LISTED: &str = "schedule system midwatch-backup-shop-db
calendar *-*-* 02:00:00
runs restic backup --host db-1
timer NextElapseUSecRealtime=Sun 2026-11-22 02:00:00 UTC
timer LastTriggerUSec=n/a
timer ActiveState=active
timer UnitFileState=enabled
service Result=exit-code
service ActiveState=failed
schedule system midwatch-else
calendar never
";

    #[test]
    fn a_list_is_read() {
        let all = listed(LISTED, &"db-1".into());
        assert_eq!(all.len(), 1);
        let it = &all[0];
        assert_eq!((it.datastore.as_str(), it.restic, it.enabled), ("shop-db", true, true));
        assert_eq!((it.scheduled.result.as_str(), it.scheduled.last), ("exit-code", None));
        assert_eq!(it.scheduled.next, Timestamp::parse_rfc3339("2026-11-22T02:00:00Z"));
        assert_eq!(it.calendar, "*-*-* 02:00:00");
    }

    #[test]
    fn a_machine_is_read_with_its_files_to_the_byte() {
        let it = machine(
            "unreached Host key verification failed.\nuser ops\nroot\nsystemd 257\nnext Sun 2026-11-22\nrestic 0.18.0\nrepository no\nfile system a.timer ff\n| [Timer]\n| \n| x=1\n\nhas tar\n",
        );
        assert_eq!(
            (it.systemd, it.restic, it.root, it.repository),
            (Some(257), Some((0, 18)), true, Some(false))
        );
        assert_eq!(it.units[&(Scope::System, "a.timer".to_owned())].text, "[Timer]\n\nx=1\n");
        assert!(it.next.is_ok() && it.programs.contains("tar"));
        assert_eq!(it.away, Some(Err("Host key verification failed.".to_owned())));
    }

    proptest! {
        #[test]
        fn garbage_is_read(text in "(?s).{0,300}", cut in 0..LISTED.len()) {
            let _ = machine(&text);
            prop_assert!(listed(&[&LISTED[..cut], &text].concat(), &"x".into()).len() <= 3 + text.len());
        }
    }
}

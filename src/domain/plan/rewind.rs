//! What a step does to bring a PostgreSQL server back to a moment: the program that keeps its archive restores
//! into a data directory beside the one that stands, and a second instance is started on that.
//!
//! The second instance is kept from everything that reaches outside: it has a socket in its own folder and no
//! other way in, archives nothing, and runs no workers, so that neither subscriptions nor scheduled jobs go on
//! in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rewind_exchange::Exchange;
use super::shell_data::{of_postgres, within};
use crate::domain::archive::{ArchiveSpec, Tool};
use crate::domain::datastore::Source;
use crate::domain::ids::DatastoreId;
use crate::domain::quantity::Bytes;
use crate::domain::shell::line;
use crate::domain::sql;
use crate::domain::time::Timestamp;

/// One thing done on the way back to a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rewind {
    /// Of which datastore.
    pub datastore: DatastoreId,
    /// How the server that stands is reached.
    pub source: Source,
    /// The new data directory.
    pub into: String,
    /// The system's user that it belongs to, as the one that stands does.
    pub owner: String,
    /// By whom the server's programs are run, by `sudo` or `docker exec`; `None` where whoever is there is that
    /// user already.
    pub run_as: Option<String>,
    /// Who restores, where that is another user: what it wrote is then given to the owner by root.
    pub by: Option<String>,
    /// What.
    pub does: Does,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Does {
    /// Makes the new data directory, empty, for one user alone.
    Make {
        /// How much room there has to be on its disk.
        room: Bytes,
    },
    /// The archive's program restores into it.
    Fetch {
        /// Whose archive.
        archive: ArchiveSpec,
        /// The base backup.
        base: String,
        /// The moment.
        to: Timestamp,
        /// How much it is, about: what stands.
        about: Bytes,
    },
    /// What was restored is given to the server's user.
    HandOver,
    /// A second instance is started on it, and waited for until the log is replayed to the moment.
    Start {
        /// The folder of the server's own programs.
        bin: String,
        /// The port, which names its socket.
        port: u16,
        /// Settings that it shares with the one that stands.
        settings: BTreeMap<String, String>,
        /// What brings the log to it where the archive's program has not written that down itself.
        archive: Option<ArchiveSpec>,
        /// The moment.
        to: Timestamp,
    },
    /// Compares its databases with those that stand.
    Compare {
        /// Its port.
        port: u16,
    },
    /// Stops the second instance, and gives what it ran on the settings of the server that stands, so that it
    /// can take its place.
    Ready {
        /// The data directory that stands.
        data: String,
        /// The folder of the server's own programs.
        bin: String,
        /// The file of its settings, which has to be one that it would start with.
        config: String,
    },
    /// It takes the place of what stands.
    Exchange(Exchange),
    /// Whatever was done of an exchange is taken back, and the server runs on what stood.
    Return(Exchange),
    /// Ends whoever still restores into it, stops the second instance, and removes it.
    Remove,
}

/// Has WAL-G's settings, a file or a folder of variables, before it runs: `$0` is where they are.
pub const WITH_WALG: &str = r#"c=$0; if [ -d "$c" ]; then for f in "$c"/*; do [ -f "$f" ] || continue; k=${f##*/}; export "$k=$(cat "$f")"; done; elif [ -n "$c" ]; then set -- --config "$c" "$@"; fi; exec wal-g "$@""#;

/// As PostgreSQL's `restore_command` has it, in the data directory. What is not in the archive ends the log, and
/// anything else has to end the recovery, which an exit code of 1 does not (WAL-G, "wal-fetch"): else a storage
/// that does not answer would be taken for the end of a timeline. Before 3.0 both were 1, with the same words.
const WAL_FETCH: &str = r#"c=$0; e=midwatch/wal-fetch; if [ -d "$c" ]; then for f in "$c"/*; do [ -f "$f" ] || continue; k=${f##*/}; export "$k=$(cat "$f")"; done; elif [ -n "$c" ]; then set -- --config "$c" "$@"; fi; rm -f "$e"; wal-g "$@" 2>"$e"; r=$?; cat "$e" >&2; case $r in 0|74) exit $r;; esac; grep -q "Archive .* does not exist" "$e" && exit $r; exit 255"#;

impl Rewind {
    /// Whether something is there afterwards that was not, or the other way round.
    pub const fn touches(&self) -> bool {
        matches!(self.does, Does::Make { .. } | Does::Exchange(_) | Does::Remove)
    }

    /// Whether it can be given up in the middle: all of it is in the new data directory.
    pub const fn may_be_left(&self) -> bool {
        matches!(self.does, Does::Fetch { .. } | Does::Start { .. } | Does::Compare { .. })
    }

    /// Whether it is done before anything takes the place of what stands.
    pub const fn comes_before(&self) -> bool {
        !matches!(self.does, Does::Exchange(_) | Does::Return(_) | Does::Remove)
    }

    /// The container that the server is in.
    pub fn container(&self) -> Option<&str> {
        match &self.source {
            Source::Postgres { container, .. } => container.as_deref(),
            _ => None,
        }
    }

    /// Who removes it, and makes it: root where others than the owner write into it.
    pub fn keeper(&self) -> Option<&str> {
        if self.by.is_some() { Some("root") } else { self.run_as.as_deref() }
    }

    /// How the second instance is reached.
    pub fn second(&self, port: u16) -> Source {
        let (container, user, database) = match &self.source {
            Source::Postgres { container, run_as, user, database, .. } => {
                (container.clone(), user.clone().or_else(|| run_as.clone()), database.clone())
            }
            _ => (None, None, String::new()),
        };
        Source::Postgres {
            container,
            run_as: self.run_as.clone(),
            host: Some(self.into.clone()),
            port: Some(port),
            user: user.or_else(|| Some(self.owner.clone())),
            database,
        }
    }

    /// The folder of our own in it.
    pub fn folder(&self) -> String {
        format!("{}/midwatch", self.into)
    }

    /// What the second instance is started with, above whatever any of its files says.
    pub fn options(&self, port: u16) -> String {
        let folder = self.folder();
        let own = [
            ("config_file", format!("{folder}/postgresql.conf")),
            ("hba_file", format!("{folder}/pg_hba.conf")),
            ("ident_file", format!("{folder}/pg_ident.conf")),
            ("unix_socket_directories", self.into.clone()),
            ("port", port.to_string()),
        ];
        let kept_in = [
            ("listen_addresses", ""),
            ("archive_mode", "off"),
            ("hot_standby", "off"),
            ("max_worker_processes", "0"),
            ("max_logical_replication_workers", "0"),
            ("synchronous_standby_names", ""),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            ("shared_buffers", "128MB"),
            ("huge_pages", "off"),
            ("ssl", "off"),
        ];
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        own.chain(kept_in).map(|(name, value)| format!("-c {name}={value}")).collect::<Vec<_>>().join(" ")
    }
}

/// The file of settings of the second instance.
pub fn conf(settings: &BTreeMap<String, String>, archive: Option<&ArchiveSpec>, to: Timestamp) -> String {
    let mut lines: Vec<String> = settings.iter().map(|(name, value)| set(name, value)).collect();
    if let Some(archive) = archive {
        let config = archive.config.as_deref().unwrap_or_default();
        let start = line(["sh", "-c", WAL_FETCH, config]).replace('%', "%%");
        let command = format!(r#"{start} wal-fetch "%f" "%p""#);
        lines.push(set("restore_command", &command));
        lines.push(set("recovery_target_time", &target(to)));
        lines.push(set("recovery_target_action", "promote"));
    }
    lines.into_iter().fold(String::new(), |all, line| all + &line + "\n")
}

/// A line of such a file (PostgreSQL, "Parameter Interaction via the Configuration File", 19.1.2).
fn set(name: &str, value: &str) -> String {
    let value = value.replace(['\0', '\n', '\r'], " ").replace('\\', r"\\").replace('\'', "''");
    format!("{name} = '{value}'")
}

/// A moment as these programs and PostgreSQL read it.
pub fn target(at: Timestamp) -> String {
    at.rfc3339().replace('T', " ").replace('Z', "+00:00")
}

/// The command that restores a base backup into a data directory, and writes down how far the log is to be
/// replayed. WAL-G only does the first.
pub fn fetching(archive: &ArchiveSpec, base: &str, to: Timestamp, into: &str) -> Vec<String> {
    let ArchiveSpec { tool, name, config, .. } = archive;
    let config = config.as_deref();
    let words: Vec<String> = match tool {
        Tool::PgBackRest => {
            let config = config.map(|config| format!("--config={config}"));
            let own = [
                format!("--stanza={name}"),
                format!("--pg1-path={into}"),
                format!("--set={base}"),
                format!("--target={}", target(to)),
            ];
            // Whatever its configuration says: into an empty folder, with nothing linked out of it.
            let fixed = [
                "--type=time",
                "--target-action=promote",
                "--archive-mode=off",
                "--no-delta",
                "--no-link-all",
                "--log-level-console=warn",
                "restore",
            ];
            let program = std::iter::once("pgbackrest".to_owned());
            program.chain(config).chain(own).chain(fixed.map(str::to_owned)).collect()
        }
        Tool::Barman => {
            let time = target(to);
            let mut all = vec!["barman"];
            all.extend(config.into_iter().flat_map(|config| ["-c", config]));
            all.extend(["recover", "--no-get-wal", "--target-time", &time, "--target-action", "promote"]);
            all.extend([name, base, into]);
            all.into_iter().map(str::to_owned).collect()
        }
        Tool::WalG => ["backup-fetch", into, base].map(str::to_owned).to_vec(),
    };
    words
}

impl Rewind {
    /// What a person would type.
    pub(super) fn shell(&self) -> String {
        let container = self.container().map(str::to_owned);
        let as_user = |user: Option<&str>, words: &[&str]| {
            let start = within(container.as_ref(), user.map(str::to_owned).as_ref());
            line(start.iter().map(String::as_str).chain(words.iter().copied()))
        };
        let into = self.into.as_str();
        match &self.does {
            Does::Make { .. } => {
                let make = as_user(self.keeper(), &["mkdir", "-m", "700", into]);
                match &self.by {
                    Some(by) => {
                        format!("{make} && {}", as_user(Some("root"), &["chown", &format!("{by}:"), into]))
                    }
                    None => make,
                }
            }
            Does::Fetch { archive, base, to, .. } => {
                let words = fetching(archive, base, *to, into);
                let start = within(archive.container.as_ref(), archive.run_as.as_ref());
                let config = archive.config.as_deref().unwrap_or_default();
                let with = ["sh", "-c", WITH_WALG, config];
                let with: &[&str] = if archive.tool == Tool::WalG { &with } else { &[] };
                let words = words.iter().map(String::as_str);
                line(start.iter().map(String::as_str).chain(with.iter().copied()).chain(words))
            }
            Does::HandOver => as_user(Some("root"), &["chown", "-R", &format!("{}:", self.owner), into]),
            Does::Start { bin, port, settings, archive, to } => {
                let folder = self.folder();
                let user = self.run_as.as_deref();
                let (conf_at, hba) = (format!("{folder}/postgresql.conf"), format!("{folder}/pg_hba.conf"));
                let signal = format!("{into}/recovery.signal");
                let (log, options) = (format!("{folder}/log"), self.options(*port));
                let program = format!("{bin}/pg_ctl");
                // In a container as a call of its own, so that it is no child of the first process there.
                let started = if let Some(container) = self.container() {
                    let start = ["docker", "exec", "-d"]
                        .into_iter()
                        .chain(user.into_iter().flat_map(|it| ["-u", it]));
                    let run = format!("exec {bin}/postgres -D {into} {options} >>{log} 2>&1");
                    line(start.chain([container, "sh", "-c", &run]))
                } else {
                    as_user(user, &[&program, "start", "-w", "-D", into, "-l", &log, "-o", &options])
                };
                let written = |path: &str, text: &str| {
                    format!("{} >/dev/null <<'END'\n{text}END", as_user(user, &["tee", path]))
                };
                [
                    as_user(user, &["mkdir", "-p", &folder]),
                    written(&conf_at, &conf(settings, archive.as_ref(), *to)),
                    written(&hba, "local all all trust\n"),
                    as_user(user, &["touch", &signal]),
                    started,
                ]
                .join("\n")
            }
            Does::Compare { port } => {
                let sizes = "select relname, n_live_tup from pg_stat_user_tables order by 1";
                let asked = |source: &Source| {
                    let database = sql::connection(source.database());
                    line(of_postgres(source, &["psql", "-Xw"], &["-d", &database, "-c", sizes]))
                };
                format!("{}\n{}", asked(&self.source), asked(&self.second(*port)))
            }
            Does::Ready { data, bin, config } => {
                let user = self.run_as.as_deref();
                let (program, config) = (format!("{bin}/postgres"), format!("config_file={config}"));
                let sound = as_user(user, &[&program, "-C", "port", "-D", data, "-c", &config]);
                let program = format!("{bin}/pg_ctl");
                let stop = as_user(user, &[&program, "stop", "-D", into, "-m", "fast"]);
                let gone = as_user(user, &["rm", "-rf", "--", &self.folder()]);
                let (own, its) = (format!("{data}/postgresql.auto.conf"), format!("{into}/"));
                format!("{sound} && {stop}\n{gone}\n{}", as_user(user, &["cp", "-p", "--", &own, &its]))
            }
            Does::Exchange(it) => it.shell(),
            Does::Return(it) => it.shell_back(),
            Does::Remove => {
                let gone = as_user(self.keeper(), &["rm", "-rf", "--", into]);
                let pid = as_user(self.keeper(), &["head", "-n", "1", &format!("{into}/postmaster.pid")]);
                let kill = as_user(self.keeper(), &["kill", "-INT"]);
                let there = as_user(self.keeper(), &["test", "-e", &format!("{into}/postmaster.pid")]);
                format!("{kill} $({pid}); while {there}; do sleep 1; done; {gone}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(tool: Tool, config: Option<&str>) -> ArchiveSpec {
        ArchiveSpec {
            tool,
            server: "db-1".into(),
            name: "main".to_owned(),
            container: None,
            run_as: Some("postgres".to_owned()),
            config: config.map(str::to_owned),
        }
    }

    #[test]
    fn each_program_is_told_the_backup_the_moment_and_the_new_folder() {
        let to = Timestamp::parse_rfc3339("2026-11-22T12:00:00.5Z").unwrap();
        let words = |tool, config| {
            line(fetching(&archive(tool, config), "20261122-075812F", to, "/data/main_restore_1"))
        };
        insta::assert_snapshot!(words(Tool::PgBackRest, Some("/etc/b.conf")), @"pgbackrest --config=/etc/b.conf --stanza=main --pg1-path=/data/main_restore_1 --set=20261122-075812F '--target=2026-11-22 12:00:00.500+00:00' --type=time --target-action=promote --archive-mode=off --no-delta --no-link-all --log-level-console=warn restore");
        insta::assert_snapshot!(words(Tool::Barman, None), @"barman recover --no-get-wal --target-time '2026-11-22 12:00:00.500+00:00' --target-action promote main 20261122-075812F /data/main_restore_1");
        insta::assert_snapshot!(words(Tool::WalG, None), @"backup-fetch /data/main_restore_1 20261122-075812F");
    }

    #[test]
    fn in_a_container_the_second_instance_is_a_call_of_its_own() {
        let start = Does::Start {
            bin: "/usr/lib/postgresql/17/bin".to_owned(),
            port: 5432,
            settings: BTreeMap::new(),
            archive: None,
            to: Timestamp::default(),
        };
        let source = |container: Option<&str>| Source::Postgres {
            container: container.map(str::to_owned),
            run_as: Some("postgres".to_owned()),
            host: None,
            port: None,
            user: None,
            database: "shop".to_owned(),
        };
        let typed = |container, does: &Does| {
            let all = Rewind {
                datastore: "shop-db".into(),
                source: source(container),
                into: "/data/main_restore_1".to_owned(),
                owner: "postgres".to_owned(),
                run_as: Some("postgres".to_owned()),
                by: None,
                does: does.clone(),
            };
            all.shell()
        };
        let boxed = typed(Some("shop-db-1"), &start);
        let last = boxed.lines().last().unwrap();
        assert!(last.starts_with("docker exec -d -u postgres shop-db-1 sh -c 'exec /usr/lib/postgresql/17/bin/postgres -D /data/main_restore_1 -c "), "{last}");
        assert!(last.ends_with(" >>/data/main_restore_1/midwatch/log 2>&1'"), "{last}");
        assert!(typed(None, &start).lines().last().unwrap().contains("/pg_ctl start -w -D "));
        // Who waits for its end looks where it is.
        insta::assert_snapshot!(typed(Some("box"), &Does::Remove), @"docker exec -i -u postgres box kill -INT $(docker exec -i -u postgres box head -n 1 /data/main_restore_1/postmaster.pid); while docker exec -i -u postgres box test -e /data/main_restore_1/postmaster.pid; do sleep 1; done; docker exec -i -u postgres box rm -rf -- /data/main_restore_1");
    }

    #[test]
    fn a_value_of_another_server_stays_inside_its_quotes() {
        let hostile = BTreeMap::from([("TimeZone".to_owned(), "a'\narchive_mode = on \\".to_owned())]);
        assert_eq!(conf(&hostile, None, Timestamp::default()), "TimeZone = 'a'' archive_mode = on \\\\'\n");
        let walg =
            conf(&BTreeMap::new(), Some(&archive(Tool::WalG, Some("/etc/wal-g.d"))), Timestamp::default());
        assert!(walg.starts_with("restore_command = 'sh -c ''"), "{walg}");
        assert!(walg.contains(r#"/etc/wal-g.d wal-fetch "%f" "%p"'"#), "{walg}");
        let odd =
            conf(&BTreeMap::new(), Some(&archive(Tool::WalG, Some("/etc/100%f.json"))), Timestamp::default());
        assert!(odd.contains(r#"/etc/100%%f.json wal-fetch "%f" "%p"'"#), "{odd}");
        assert!(walg.contains("recovery_target_time = '1970-01-01 00:00:00.000+00:00'"), "{walg}");
    }
}

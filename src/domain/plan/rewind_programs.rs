//! What the programs that keep an archive are called with, and the settings by which the second instance reads it.

use std::collections::BTreeMap;

use crate::domain::archive::{ArchiveSpec, Tool};
use crate::domain::shell::line;
use crate::domain::time::Timestamp;

/// Has WAL-G's settings, a file or a folder of variables, before it runs: `$0` is where they are.
pub const WITH_WALG: &str = r#"c=$0; if [ -d "$c" ]; then for f in "$c"/*; do [ -f "$f" ] || continue; k=${f##*/}; export "$k=$(cat "$f")"; done; elif [ -n "$c" ]; then set -- --config "$c" "$@"; fi; exec wal-g "$@""#;

/// As PostgreSQL's `restore_command` has it, in the data directory. What is not in the archive ends the log, and
/// anything else has to end the recovery, which an exit code of 1 does not (WAL-G, "wal-fetch"): else a storage
/// that does not answer would be taken for the end of a timeline. Before 3.0 both were 1, with the same words.
const WAL_FETCH: &str = r#"c=$0; e=midwatch/wal-fetch; if [ -d "$c" ]; then for f in "$c"/*; do [ -f "$f" ] || continue; k=${f##*/}; export "$k=$(cat "$f")"; done; elif [ -n "$c" ]; then set -- --config "$c" "$@"; fi; rm -f "$e"; wal-g "$@" 2>"$e"; r=$?; cat "$e" >&2; case $r in 0|74) exit $r;; esac; grep -q "Archive .* does not exist" "$e" && exit $r; exit 255"#;

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

//! What a person would type to bring a server back to a moment.

use super::rewind::{Does, Rewind};
use super::rewind_programs::{WITH_WALG, conf, fetching};
use super::shell_data::{of_postgres, within};
use crate::domain::archive::Tool;
use crate::domain::datastore::Source;
use crate::domain::shell::line;
use crate::domain::sql;

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
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::time::Timestamp;

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
}

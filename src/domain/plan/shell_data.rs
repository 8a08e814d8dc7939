//! What is done with a datastore, as a person would type it.

use super::Act;
use crate::domain::datastore::Source;
use crate::domain::only::{Table, filters, schemas};
use crate::domain::origin::{environment, masked_as};
use crate::domain::shell::line;
use crate::domain::sql;

/// The same by restic and PostgreSQL's own programs; nothing for what is no step of a datastore.
pub(super) fn shell(act: &Act) -> String {
    match act {
        Act::BackUp { datastore, source, .. } => backed_up(datastore.as_str(), source),
        Act::Forget { backups, .. } => {
            line(["restic", "forget"].into_iter().chain(backups.iter().map(String::as_str)))
        }
        Act::Prune { .. } => line(["restic", "prune"]),
        Act::CheckRepository { read_data: false, .. } => line(["restic", "check"]),
        Act::CheckRepository { read_data: true, .. } => line(["restic", "check", "--read-data"]),
        Act::Unlock { .. } => line(["restic", "unlock"]),
        Act::AddKey { .. } => line(["restic", "key", "add"]),
        Act::Mask { datastore, source, of, from, command, .. } => {
            let env = environment(datastore, source, of, from);
            let words = ["env".to_owned()].into_iter().chain(env).chain(command.iter().cloned());
            let masks = line(within(None, masked_as(source)).into_iter().chain(words));
            super::shell_beside::masked(source, of, masks)
        }
        Act::Load { source, .. }
        | Act::CompareData { source, .. }
        | Act::Assert { source, .. }
        | Act::Swap { source, .. }
        | Act::Unswap { source, .. }
        | Act::DropDatabases { source, .. }
            if !source.is_sql() =>
        {
            super::shell_beside::shell(act)
        }
        Act::Load { datastore, source, backup, into, from, only, .. } => {
            let of = from.as_ref().map_or(datastore, |from| &from.datastore);
            loaded(of.as_str(), source, backup, into, only.tables())
        }
        Act::CompareData { source, with, .. } => {
            let sizes = "select relname, n_live_tup from pg_stat_user_tables order by 1";
            [source.database(), with].map(|name| psql(source, name, sizes)).join("\n")
        }
        Act::Assert { source, of, assertions, .. } => {
            assertions.iter().map(|it| psql(source, of, &it.asked())).collect::<Vec<_>>().join("\n")
        }
        Act::Swap { source, from, aside, .. } => {
            psql(source, "postgres", &swapped(source.database(), from, aside.as_deref()))
        }
        Act::Unswap { source, from, aside, drops, .. } => {
            let back = aside
                .as_ref()
                .map(|aside| psql(source, "postgres", &swapped(source.database(), aside, Some(from))));
            let drop = drops.then(|| dropped(source, from));
            back.into_iter().chain(drop).collect::<Vec<_>>().join(" ||\n")
        }
        Act::DropDatabases { source, databases, .. } => {
            databases.iter().map(|name| dropped(source, name)).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// What is read on the server, into restic: it would run on the console's machine, with
/// `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE` set.
fn backed_up(datastore: &str, source: &Source) -> String {
    let tag = format!("datastore:{datastore}");
    let name = format!("/{datastore}/{}", source.file());
    let restic = line(["restic", "backup", "--tag", &tag, "--stdin", "--stdin-filename", &name]);
    format!("{} | {restic}", line(read_by(source)))
}

/// What brings a database back, from restic.
fn loaded(datastore: &str, source: &Source, backup: &str, into: &str, only: &[Table]) -> String {
    let file = format!("/{datastore}/{}", source.file());
    let dump = line(["restic", "dump", backup, &file]);
    let target = sql::connection(into);
    let some = filters(only);
    let rest: Vec<&str> = some.iter().map(String::as_str).chain(["-d", &target]).collect();
    let restore = of_postgres(source, &["pg_restore", "--exit-on-error", "-w"], &rest);
    let made = format!("create database {} template template0", sql::identifier(into));
    let first = std::iter::once(psql(source, "postgres", &made));
    let before = first.chain(schemas(only).into_iter().map(|statement| psql(source, into, &statement)));
    format!("{}\n{dump} | {}", before.collect::<Vec<_>>().join("\n"), line(restore))
}

/// The statements that give a database's name to another.
pub fn swapped(name: &str, from: &str, aside: Option<&str>) -> String {
    let rename = |from: &str, to: &str| {
        format!("alter database {} rename to {}", sql::identifier(from), sql::identifier(to))
    };
    let aside = aside.map(|aside| rename(name, aside) + "; ").unwrap_or_default();
    format!("begin; {aside}{}; commit", rename(from, name))
}

fn dropped(source: &Source, name: &str) -> String {
    psql(source, "postgres", &format!("drop database if exists {} with (force)", sql::identifier(name)))
}

fn psql(source: &Source, database: &str, statement: &str) -> String {
    let target = sql::connection(database);
    line(of_postgres(source, &["psql", "-Xw"], &["-d", &target, "-c", statement]))
}

/// A program of PostgreSQL's on its server, with where it connects to.
pub fn of_postgres(source: &Source, program: &[&str], rest: &[&str]) -> Vec<String> {
    let Source::Postgres { container, run_as, host, port, user, .. } = source else { return Vec::new() };
    let port = port.map(|port| port.to_string());
    let mut words = program.to_vec();
    option(&mut words, "-h", host.as_deref());
    option(&mut words, "-p", port.as_deref());
    option(&mut words, "-U", user.as_deref());
    words.extend(rest);
    within(container.as_ref(), run_as.as_ref())
        .into_iter()
        .chain(words.into_iter().map(str::to_owned))
        .collect()
}

/// What runs a program where a datastore's programs are.
pub(super) fn within(container: Option<&String>, run_as: Option<&String>) -> Vec<String> {
    let words: &[&str] = match (container, run_as) {
        (Some(container), Some(user)) => &["docker", "exec", "-i", "-u", user, container],
        (Some(container), None) => &["docker", "exec", "-i", container],
        (None, Some(user)) => &["sudo", "-n", "-u", user],
        (None, None) => &[],
    };
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The command that reads a datastore on its server.
pub fn read_by(source: &Source) -> Vec<String> {
    let mut words: Vec<&str> = Vec::new();
    let port;
    let start = match source {
        Source::Postgres { container, run_as, host, port: at, user, database } => {
            words.extend(["pg_dump", "-Fc", "-Z", "0", "-w"]);
            port = at.map(|port| port.to_string());
            option(&mut words, "-h", host.as_deref());
            option(&mut words, "-p", port.as_deref());
            option(&mut words, "-U", user.as_deref());
            words.push(database);
            within(container.as_ref(), run_as.as_ref())
        }
        Source::Redis { container, run_as, host, port: at, user } => {
            words.push("redis-cli");
            port = at.map(|port| port.to_string());
            option(&mut words, "-h", host.as_deref());
            option(&mut words, "-p", port.as_deref());
            option(&mut words, "--user", user.as_deref());
            words.extend(["--rdb", "-"]);
            within(container.as_ref(), run_as.as_ref())
        }
        Source::Volume { volume } => {
            words.extend(["docker", "run", "--rm", "-v"]);
            let mount = format!("{volume}:/volume:ro");
            let rest = ["IMAGE", "tar", "-C", "/volume", "-c", "."].map(str::to_owned);
            return words.into_iter().map(str::to_owned).chain([mount]).chain(rest).collect();
        }
        Source::Files { run_as, paths, exclude } => {
            words.extend(["tar", "--numeric-owner", "--sparse", "--acls", "--xattrs"]);
            let exclude = exclude.iter().map(|it| format!("--exclude={it}"));
            let rest = ["-C", "/", "-c", "--"].map(str::to_owned);
            let paths = paths.iter().map(|path| path.trim_start_matches('/').to_owned());
            let words = words.into_iter().map(str::to_owned).chain(exclude).chain(rest).chain(paths);
            return within(None, run_as.as_ref()).into_iter().chain(words).collect();
        }
    };
    start.into_iter().chain(words.into_iter().map(str::to_owned)).collect()
}

fn option<'a>(words: &mut Vec<&'a str>, name: &'a str, value: Option<&'a str>) {
    if let Some(value) = value {
        words.extend([name, value]);
    }
}

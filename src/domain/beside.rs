//! What a restore brings stands beside what stands: the names of ours that it gets there, by the kind of
//! its datastore.

use super::datastore::Source;
use super::sql::{self, Purpose};
use super::time::Timestamp;

/// The name of ours for this purpose: a database `shop_restore_20261121T030000`, a volume likewise, and for
/// files and Redis what is added to their own names, `restore-20261121T030000`.
pub fn name(source: &Source, purpose: Purpose, at: Timestamp) -> String {
    match source {
        Source::Postgres { database, .. } => sql::beside(database, purpose, at),
        Source::Volume { volume } => format!("{volume}_{}_{}", purpose.word(), sql::stamp(at)),
        Source::Files { .. } | Source::Redis { .. } => format!("{}-{}", purpose.word(), sql::stamp(at)),
    }
}

/// A data directory beside another: `/var/lib/postgresql/17/main_restore_20261121T030000`.
pub fn directory(stands: &str, purpose: Purpose, at: Timestamp) -> String {
    format!("{stands}_{}_{}", purpose.word(), sql::stamp(at))
}

/// When such a directory beside `stands` was made for this purpose; `None` for any other.
pub fn directory_made_at(folder: &str, stands: &str, purpose: Purpose) -> Option<Timestamp> {
    let rest = folder.strip_prefix(stands)?.strip_prefix('_')?;
    sql::read_stamp(rest.strip_prefix(purpose.word())?.strip_prefix('_')?)
}

/// When what has this name was made for this purpose; `None` for a name that is none of ours.
pub fn made_at(name: &str, source: &Source, purpose: Purpose) -> Option<Timestamp> {
    match source {
        Source::Postgres { database, .. } => sql::made_at(name, database, purpose),
        Source::Volume { volume } => {
            let rest = name.strip_prefix(volume.as_str())?.strip_prefix('_')?;
            sql::read_stamp(rest.strip_prefix(purpose.word())?.strip_prefix('_')?)
        }
        Source::Files { .. } | Source::Redis { .. } => {
            sql::read_stamp(name.strip_prefix(purpose.word())?.strip_prefix('-')?)
        }
    }
}

/// What has this name, for the reader.
pub fn called(source: &Source, name: &str) -> String {
    match source {
        Source::Postgres { .. } | Source::Volume { .. } => name.to_owned(),
        Source::Redis { .. } => format!("{name}.rdb"),
        Source::Files { paths, .. } => paths
            .iter()
            .map(|path| format!("{}.{name}", path.trim_end_matches('/')))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// What stands there, for the reader: the database's name, the volume's, the paths.
pub fn standing(source: &Source) -> String {
    match source {
        Source::Postgres { database, .. } => database.clone(),
        Source::Volume { volume } => volume.clone(),
        Source::Files { paths, .. } => paths.join(", "),
        Source::Redis { .. } => "the data of Redis".to_owned(),
    }
}

/// What it is called in a change: `database`, `volume`.
pub const fn noun(source: &Source) -> &'static str {
    match source {
        Source::Postgres { .. } => "database",
        Source::Volume { .. } => "volume",
        Source::Files { .. } => "files",
        Source::Redis { .. } => "file",
    }
}

/// The option by which tar gives all below a path the name of ours beside another, or beside itself, and hard
/// links that point there, but not what symbolic links say. (GNU tar, 6.7; the expression is a basic one of
/// POSIX.)
pub fn transform(root: &str, to: &str, into: &str) -> String {
    let escaped = |path: &str, special: &str| -> String {
        let path = path.trim_start_matches('/').trim_end_matches('/');
        path.chars().flat_map(|c| special.contains(c).then_some('\\').into_iter().chain([c])).collect()
    };
    let (root, to) = (escaped(root, "\\/.*[]^$"), escaped(to, "\\/&"));
    format!("--transform=s/^{root}\\(\\/\\|$\\)/{to}.{into}\\1/S")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_itself_in_an_expression() {
        assert_eq!(
            transform("/srv/a.b", "/srv/a.b", "x"),
            r"--transform=s/^srv\/a\.b\(\/\|$\)/srv\/a.b.x\1/S"
        );
        assert_eq!(transform("/a&[c]", "/a&[c]", "x"), r"--transform=s/^a&\[c\]\(\/\|$\)/a\&[c].x\1/S");
        assert_eq!(transform("/a*/", "/b&/c", "x"), r"--transform=s/^a\*\(\/\|$\)/b\&\/c.x\1/S");
    }

    #[test]
    fn a_name_of_ours_tells_when_it_was_made_and_no_other_does() {
        let at = Timestamp::parse_rfc3339("2026-11-21T03:04:05Z").unwrap();
        let volume = Source::Volume { volume: "shop_uploads".to_owned() };
        let ours = name(&volume, Purpose::Before, at);
        assert_eq!(ours, "shop_uploads_before_20261121T030405");
        assert_eq!(made_at(&ours, &volume, Purpose::Before), Some(at));
        assert_eq!(made_at(&ours, &volume, Purpose::Restore), None);
        let other = Source::Volume { volume: "shop".to_owned() };
        assert_eq!(made_at(&ours, &other, Purpose::Before), None);
        let files =
            Source::Files { run_as: None, paths: vec!["/srv/a".into(), "/b".into()], exclude: vec![] };
        let ours = name(&files, Purpose::Restore, at);
        assert_eq!(called(&files, &ours), "/srv/a.restore-20261121T030405, /b.restore-20261121T030405");
        assert_eq!(made_at(&ours, &files, Purpose::Restore), Some(at));
        assert_eq!(made_at("restore-2026", &files, Purpose::Restore), None);
        let folder = directory("/data/main", Purpose::Before, at);
        assert_eq!(directory_made_at(&folder, "/data/main", Purpose::Before), Some(at));
        assert_eq!(directory_made_at(&folder, "/data/main", Purpose::Restore), None);
        assert_eq!(directory_made_at(&folder, "/data/other", Purpose::Before), None);
    }
}

//! What a dump is, by the list that the server's own `pg_restore` makes of its first bytes.

use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::psql::{Server, connected};
use crate::domain::failure::{Failure, FailureKind};
use crate::engine::dump::within::secret_line;
use crate::engine::ground::{Ground, unsuccessful};
use crate::operations::restore_facts::Archive;
use crate::repository::read::WAITING;
use crate::repository::{RepositoryError, Vault};

const DEADLINE: Duration = Duration::from_secs(60);
/// How much of the list is kept.
const KEPT: usize = 32 << 20;

const LIST: &str = connected!("exec pg_restore --list");

/// Reads the list; the rest of the dump is not read.
pub(super) async fn list(
    ground: &Ground,
    server: &Server<'_>,
    password: Option<&SecretString>,
    vault: &Vault,
    (snapshot, folder, file): (&str, &str, &str),
) -> Result<Archive, Failure> {
    let what = format!("read the list of backup {}", snapshot.get(..8).unwrap_or(snapshot));
    let failed = |error: RepositoryError| error.into_failure(&what);
    let command = server.script(server.elsewhere(), LIST, &[])?;
    let piped = ground.transport().await?.pipe(command).await.map_err(|error| error.into_failure(&what))?;
    let mut stdin = piped.stdin;
    let (tell, mut come) = mpsc::channel::<Bytes>(WAITING);
    let feeding = async {
        // It reads no more than the list, and closes its end after it.
        let mut taken = stdin.write_all(&secret_line(password)).await.is_ok();
        while taken && let Some(piece) = come.recv().await {
            taken = stdin.write_all(&piece).await.is_ok();
        }
        drop(come);
        // It may be gone already.
        let _ = stdin.shutdown().await;
    };
    let all =
        async { tokio::join!(vault.bring(snapshot, folder, file, tell), feeding, piped.exec.collect(KEPT)) };
    let (brought, (), output) = tokio::time::timeout(DEADLINE, all).await.map_err(|_| {
        Failure::new(FailureKind::Timeout, &what, format!("it took longer than {} s", DEADLINE.as_secs()))
    })?;
    match brought {
        Ok(_) | Err(RepositoryError::Stopped) => {}
        Err(error) => return Err(failed(error)),
    }
    let output = output.map_err(|error| error.into_failure(&what))?;
    if !output.success() {
        return Err(unsuccessful(&output, &what));
    }
    Ok(read(&output.text()))
}

/// ```text
/// ;     Dumped from database version: 17.6 (Debian 17.6-0+deb13u1)
/// 2; 3079 16385 EXTENSION - pg_trgm
/// 3421; 0 16392 TABLE DATA public orders shop
/// ```
fn read(list: &str) -> Archive {
    let mut archive = Archive::default();
    for line in list.lines() {
        if let Some((_, version)) = line.split_once("Dumped from database version: ") {
            archive.major =
                version.split(|c: char| !c.is_ascii_digit()).next().and_then(|it| it.parse().ok());
            continue;
        }
        // Number, class, object, then what it is.
        let Some(what) = line.splitn(4, ' ').nth(3).filter(|_| !line.starts_with(';')) else { continue };
        if let Some(name) = what.strip_prefix("EXTENSION - ") {
            archive.extensions.insert(name.trim().to_owned());
        } else if let Some(rows) = what.strip_prefix("TABLE DATA ") {
            archive.rows.push(rows.to_owned());
        } else if let Some(table) = what.strip_prefix("TABLE ").filter(|it| !it.starts_with("ATTACH ")) {
            archive.tables.push(table.to_owned());
        }
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_tells_its_version_extensions_and_tables() {
        let archive = read(
            ";\n; Archive created at 2026-11-21\n;     dbname: EXTENSION - x\n;     Dumped from database version: 17.6 (Debian 17.6-0)\n;     Dumped by pg_dump version: 18.0\n\
             2; 3079 16385 EXTENSION - pg_trgm \n3; 0 0 COMMENT - EXTENSION pg_trgm \n\
             220; 1259 16466 TABLE public Odd \"Name shop\n3421; 0 16466 TABLE DATA public Odd \"Name shop\n",
        );
        assert_eq!((archive.major, archive.rows.len()), (Some(17), 1));
        assert!(archive.has("public", "Odd \"Name") && archive.has_rows_of("public", "Odd \"Name"));
        assert_eq!(archive.schemas_of("Odd \"Name").into_iter().collect::<Vec<_>>(), ["public"]);
        assert_eq!(archive.extensions.into_iter().collect::<Vec<_>>(), ["pg_trgm"]);
    }
}

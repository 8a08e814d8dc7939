//! Asks a restored database what it has to answer. It is read only, and nothing else is asked.

use std::time::Duration;

use super::{Done, Task};
use crate::domain::assertion::Assertion;
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::run::Progress;
use crate::domain::text::{clean, shorten};
use crate::engine::restore::psql::{Server, password};
use crate::engine::restore::{amcheck, tables};

const DEADLINE: Duration = Duration::from_secs(3600);

/// What is asked is not to change anything, and what it answers is one value.
const GENTLY: &str = "set default_transaction_read_only = on; set timezone = 'UTC'";

/// What has to hold.
pub(super) struct Asked<'a> {
    pub(super) datastore: &'a DatastoreId,
    pub(super) source: &'a Source,
    pub(super) of: &'a str,
    pub(super) assertions: &'a [Assertion],
    pub(super) amcheck: bool,
}

pub(super) async fn ask(task: &Task<'_>, it: &Asked<'_>) -> Result<Done, Failure> {
    let secret = password(task.ground, it.datastore).await?;
    let server = Server::new(it.source, secret.as_ref());
    let what = task.what();
    let failed = |why: String| Failure::new(FailureKind::Invalid, &what, why);
    let tables = tables::read(task.ground, &server, it.of, &[]).await?;
    if tables.is_empty() {
        return Err(failed("the backup holds no table".to_owned()));
    }
    let mut said = vec![format!("{} tables", tables.len())];
    for assertion in it.assertions {
        let query = assertion.asked();
        let answer = server.ask(task.ground, it.of, &[GENTLY, &query], &what, DEADLINE).await?;
        let answer = shorten(&clean(answer.lines().next().unwrap_or_default()), 80).into_owned();
        let told = assertion.judge(&answer);
        let word =
            format!("{}: {}", shorten(&clean(&assertion.query), 120), told.as_ref().unwrap_or_else(|it| it));
        if told.is_err() {
            return Err(failed(word));
        }
        task.listen.progress(Progress::Saying(word)).await;
    }
    if !it.assertions.is_empty() {
        said.push(format!("{} assertions hold", it.assertions.len()));
    }
    if it.amcheck {
        said.push(amcheck::run(task.ground, &server, it.of, &what).await?);
    }
    Ok(Done { said: said.join(", "), exit: None })
}

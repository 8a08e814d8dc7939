//! Working on a repository of backups itself: looking it through, taking locks away, adding a password.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::Refusal;
use super::facts::Held;
use super::numbering::Numbers;
use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, RepositoryId, ServerId};
use crate::domain::plan::{Act, Change, FORMAT, Finding, Judgement, Lane, Operation, Plan, Stage, hex};
use crate::domain::repository::RepositoryLock;
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

/// How long looking it through may take.
const CHECKING: Duration = Duration::from_secs(24 * 3600);
/// How long a change of a few small files may take.
const SHORT: Duration = Duration::from_secs(600);

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To look it through; `read_data` whether all that is stored is read too.
    Check {
        /// Whether it is.
        read_data: bool,
    },
    /// To take away the locks that nobody holds any more, and with `force` the others.
    Unlock {
        /// Whether they go too.
        force: bool,
    },
    /// To let another password open it.
    AddKey {
        /// Where that comes from.
        secret: String,
    },
}

/// How a repository stands, read just before.
#[derive(Clone, Debug)]
pub struct RepositoryFacts {
    /// Its name.
    pub id: RepositoryId,
    /// Where it is.
    pub at: String,
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// Which run of this machine's works on it.
    pub lock: Option<Held>,
    /// Who holds a lock in it, or did.
    pub locks: Vec<RepositoryLock>,
}

/// Where the runs on a repository are: on this machine, in a folder of our own, from the user's home. Of two
/// of the same name in different configurations each has its own, by where it is.
pub fn place(id: &RepositoryId, at: &str) -> Place {
    let digest = hex(&Sha256::digest(at));
    let which = digest.get(..8).unwrap_or_default();
    Place {
        project: id.to_string(),
        directory: format!(".local/state/midwatch/repositories/{id}-{which}"),
        file: String::new(),
        env_file: None,
    }
}

/// Plans it.
pub fn plan(facts: &RepositoryFacts, ask: &Ask, reason: Option<&str>) -> Result<Plan, Refusal> {
    let id = &facts.id;
    let mut findings = findings(facts, !matches!(ask, Ask::AddKey { .. }));
    let mut changes = Vec::new();
    let (operation, title, act, deadline, undone_by) = match ask {
        Ask::Check { read_data } => {
            let whole = if *read_data { ", and read all that is stored" } else { "" };
            let act = Act::CheckRepository { repository: id.clone(), read_data: *read_data };
            (
                Operation::RepoCheck,
                format!("look {id} through{whole}"),
                act,
                CHECKING,
                "it changes nothing".to_owned(),
            )
        }
        Ask::Unlock { force } => {
            // Who holds them is what it is about, and stands in nobody's way.
            findings.retain(|it| it.check != LOCKS);
            let (go, stay): (Vec<_>, Vec<_>) =
                facts.locks.iter().partition(|it| *force || it.stale.is_some());
            for lock in &stay {
                let remedy = "where you know that it has died: --force";
                findings.push(finding(
                    LOCKS,
                    Judgement::Noted,
                    format!("stays: {}", lock.describe()),
                    Some(remedy),
                ));
            }
            if go.is_empty() {
                let why = if stay.is_empty() { "there is none".to_owned() } else { said(&stay) };
                let what = format!("take locks of {id} away");
                let failure = Failure::new(FailureKind::NotFound, what, why);
                let hint = (!stay.is_empty()).then_some("where you know that it has died: --force");
                return Err(Refusal::Senseless(hint.into_iter().fold(failure, Failure::hint)));
            }
            changes.extend(go.iter().map(|it| Change {
                server: None,
                what: "lock".to_owned(),
                from: Some(it.describe()),
                to: None,
            }));
            let locks = go.iter().map(|it| it.id.clone()).collect();
            let act = Act::Unlock { repository: id.clone(), locks };
            let title = format!("take {} locks of {id} away", go.len());
            (Operation::RepoUnlock, title, act, SHORT, "whoever is alive takes its lock anew".to_owned())
        }
        Ask::AddKey { secret } => {
            let to = Some(format!("the password of {secret} opens it too"));
            changes.push(Change { server: None, what: format!("repository {id}"), from: None, to });
            let act = Act::AddKey { repository: id.clone(), secret: secret.clone() };
            let title = format!("let the password of {secret} open {id}");
            (Operation::RepoAddKey, title, act, SHORT, "restic key list, restic key remove".to_owned())
        }
    };
    let mut numbers = Numbers::default();
    let stage = Stage {
        title: title.clone(),
        lanes: lane(vec![numbers.step(title.clone(), act, deadline)]),
        tidies: false,
        only_after: Vec::new(),
    };
    Ok(Plan {
        title,
        operation,
        reason: reason.map(str::to_owned),
        changes,
        findings,
        stages: vec![stage],
        undone_by,
        ..bare(facts)
    })
}

fn said(locks: &[&RepositoryLock]) -> String {
    locks.iter().map(|it| it.describe()).collect::<Vec<_>>().join("; ")
}

/// The steps on this machine.
pub(super) fn lane(steps: Vec<crate::domain::plan::Step>) -> Vec<Lane> {
    vec![Lane { server: ServerId::from(ServerId::LOCAL), steps }]
}

/// A plan that does nothing yet.
pub(super) fn bare(facts: &RepositoryFacts) -> Plan {
    Plan {
        format: FORMAT,
        operation: Operation::RepoCheck,
        app: AppId::from(facts.id.as_str()),
        environment: None,
        guard: Guard::Confirm,
        title: String::new(),
        as_of: facts.as_of,
        reason: None,
        places: BTreeMap::from([(ServerId::from(ServerId::LOCAL), place(&facts.id, &facts.at))]),
        changes: Vec::new(),
        findings: Vec::new(),
        interrupts: Vec::new(),
        leaves: None,
        stages: Vec::new(),
        undo: Vec::new(),
        undone_by: String::new(),
    }
}

/// What the findings on locks in the repository are called.
const LOCKS: &str = "locks";

pub(super) fn finding(check: &str, judgement: Judgement, found: String, remedy: Option<&str>) -> Finding {
    let remedy = remedy.map(str::to_owned);
    Finding { check: check.to_owned(), server: None, judgement, found, remedy, may_override: false }
}

/// Who works on it. Locks that do not exclude others stand in the way where it has to be `alone`.
pub(super) fn findings(facts: &RepositoryFacts, shared: bool) -> Vec<Finding> {
    let id = &facts.id;
    let mut all = vec![match &facts.lock {
        None => finding("lock", Judgement::Good, format!("nobody else here works on {}", facts.at), None),
        Some(Held::By(it)) => finding(
            "lock",
            Judgement::Refused,
            format!("{} works on it since {}: {}", it.by, it.since.rfc3339(), it.what),
            Some(&format!("wait for it; where it has died: midwatch resume {}", it.run)),
        ),
        Some(Held::Unreadable(begins)) => finding(
            "lock",
            Judgement::Refused,
            format!("the lock is held by something that cannot be read: {begins}"),
            Some(&format!("look at ~/{}/lock", place(id, &facts.at).own())),
        ),
    }];
    for lock in &facts.locks {
        let said = lock.describe();
        all.push(if lock.stale.is_some() {
            finding(LOCKS, Judgement::Noted, format!("left behind, and is taken away: {said}"), None)
        } else if lock.exclusive || !shared {
            let remedy = format!("wait for it; where it has died: midwatch repo unlock {id} --force");
            finding(LOCKS, Judgement::Refused, said, Some(&remedy))
        } else {
            finding(LOCKS, Judgement::Good, said, None)
        });
    }
    all
}

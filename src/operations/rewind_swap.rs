//! A server as it was at a moment, in the place of the one that stands: what is looked at before, and the steps.

use std::time::Duration;

use super::findings::Findings;
use super::numbering::Numbers;
use super::restore::LONGEST;
use super::rewind::{BRIEF, Work, stage};
use super::rewind_facts::Cluster;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::plan::rewind::Does;
use crate::domain::plan::{Act, Exchange, Stage, Step};

/// How long a server may take to stop, with all that it has to write, and to start.
pub(super) const EXCHANGING: Duration = Duration::from_secs(3600);

/// What changes places, where what that takes is known; else it is refused by [`findings`].
pub(super) fn names(cluster: &Cluster, from: &str, aside: &str) -> Exchange {
    Exchange {
        from: from.to_owned(),
        aside: aside.to_owned(),
        data: cluster.data.clone(),
        was: cluster.seat.inode.unwrap_or_default(),
        unit: cluster.seat.unit.clone().unwrap_or_default(),
        removes: true,
    }
}

impl Work<'_> {
    /// Backs up what stands of the datastore, before anything else.
    pub(super) fn safe(&self, numbers: &mut Numbers) -> Step {
        let spec = self.spec;
        let act = Act::BackUp {
            datastore: spec.id.clone(),
            source: spec.source.clone(),
            repository: spec.repository.clone(),
            makes: false,
            about: None,
            role_passwords: false,
            release: None,
            set: false,
        };
        let title = format!("back up what stands in {}, and read it back", spec.source.database());
        numbers.step(title, act, LONGEST)
    }

    /// Makes it ready, has it take the place of what stands, and removes what was replaced long ago.
    pub(super) fn swap(&self, it: &Exchange, outlived: &[String], numbers: &mut Numbers) -> Vec<Stage> {
        let ready = self.act(Does::Ready {
            data: it.data.clone(),
            bin: self.cluster.bin.clone(),
            config: self.cluster.seat.config.clone(),
        });
        let title = "see that the server's settings are sound, stop the second instance, and give it those";
        let ready = numbers.step(title, ready, BRIEF);
        let swap = self.act(Does::Exchange(it.clone()));
        let swap = numbers.step(titled(it), swap, EXCHANGING);
        let mut stages = vec![stage(self.spec, "swap", vec![ready, swap])];
        let removed = outlived.iter().map(|folder| {
            let act = self.act_on(folder, Does::Remove);
            numbers.step(format!("remove {folder}"), act, BRIEF)
        });
        let removed: Vec<Step> = removed.collect();
        if !removed.is_empty() {
            let tidy = stage(self.spec, "what was replaced long ago", removed);
            stages.push(Stage { tidies: true, ..tidy });
        }
        stages
    }

    /// The way back.
    pub(super) fn put_back(&self, it: &Exchange, numbers: &mut Numbers) -> Step {
        let title = format!("{} as before, and {} removed", it.data, it.from);
        numbers.step(title, self.act(Does::Return(it.clone())), EXCHANGING)
    }
}

/// What is done, in a line: the names that stand in one folder by themselves.
pub(super) fn titled(it: &Exchange) -> String {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let (from, aside, data) = (name(&it.from), name(&it.aside), name(&it.data));
    format!("stop {0}; rename {data} to {aside}, and {from} to {data}; start {0} again", it.unit)
}

/// Who notices.
pub(super) fn interrupts(cluster: &Cluster) -> Vec<String> {
    let seat = &cluster.seat;
    let (databases, sessions) = (seat.databases, seat.sessions);
    vec![
        format!(
            "all of the server goes back, with its roles and all of its databases ({databases}); what was written since is in what stood alone"
        ),
        format!(
            "who is connected is disconnected ({sessions} now), and nobody can connect until it is started again"
        ),
    ]
}

/// Whether another data directory can take its place.
pub(super) fn findings(findings: &mut Findings<'_>, spec: &DatastoreSpec, cluster: &Cluster) {
    let seat = &cluster.seat;
    let by_hand = "without --swap, and by hand: docs/backups.md, \"To a moment\"";
    let contained = matches!(&spec.source, Source::Postgres { container: Some(_), .. });
    match (&seat.unit, seat.inode) {
        _ if contained => findings.refuse(
            "swap",
            "the server is in a container, whose data directory is a mount".to_owned(),
            "without --swap; rows go back by pg_dump from the second instance",
            false,
        ),
        _ if seat.fixed => {
            let found = format!("{} is a mount or a symbolic link: it cannot change its name", cluster.data);
            findings.refuse("swap", found, by_hand, false);
        }
        (Some(unit), Some(_)) if cluster.root => {
            findings.good("swap", format!("{unit} runs the server, and root may stop and start it"));
        }
        (Some(unit), Some(_)) => {
            let found = format!("{unit} runs the server, and sudo does not let us be root");
            findings.refuse("swap", found, by_hand, false);
        }
        _ => {
            let found = "which unit of systemd runs the server is not known".to_owned();
            findings.refuse("swap", found, by_hand, false);
        }
    }
    if seat.recovery {
        let found = "the server follows another, which would go on as it is".to_owned();
        findings.refuse("replication", found, "on the one that it follows", false);
    }
    if seat.followers > 0 {
        let found = format!(
            "{} follow this server by its log (standbys, receivers of an archive): they do not follow it back",
            seat.followers
        );
        findings.refuse("replication", found, "make standbys anew afterwards", true);
    }
    findings.note(
        "archive",
        "the log goes on in a new timeline: take a base backup at once afterwards".to_owned(),
    );
}

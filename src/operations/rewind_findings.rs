//! What is looked at before a server is brought back to a moment.

use super::backup::place;
use super::findings::Findings;
use super::rewind::{Ask, Work};
use super::rewind_facts::RewindFacts;
use super::rewind_swap;
use crate::domain::archive::{Reach, Tool};
use crate::domain::plan::Finding;
use crate::domain::quantity::Bytes;

impl Work<'_> {
    pub(super) fn findings(
        &self,
        facts: &RewindFacts,
        ask: &Ask,
        reach: Reach<'_>,
        wanted: Bytes,
    ) -> Vec<Finding> {
        let Self { spec, archive, cluster, .. } = self;
        let mut findings = Findings::new(spec, ask.reason.is_some());
        findings.lock(facts.lock.as_ref(), &place(spec), "nobody else works on it");
        if cluster.major < 13 {
            let found = format!("{} is too old for this", cluster.version);
            findings.refuse("version", found, "13 or later", false);
        } else {
            findings.good("version", format!("{}, its data in {}", cluster.version, cluster.data));
        }
        let (from, to) = (reach.from.rfc3339(), reach.to.rfc3339());
        findings.good(
            "window",
            format!(
                "{} can restore from {from} to {to}; its backup {} is the last before",
                archive.tool.name(),
                reach.base.name
            ),
        );
        if let Ok(it) = &facts.archived
            && let Some(complaint) = &it.complaint
        {
            findings.note("archive", format!("{} complains: {complaint}", archive.tool.name()));
        }
        if archive.tool == Tool::WalG {
            findings.note(
                "archive",
                "WAL-G is called as its documentation says, and this was tested with a stand-in of it, not with itself".to_owned(),
            );
        }
        if cluster.tablespaces > 0 {
            let found = format!(
                "{} tablespaces lie elsewhere, and would be restored over themselves",
                cluster.tablespaces
            );
            findings.refuse(
                "tablespaces",
                found,
                "by hand, with each of them mapped to a folder of its own",
                false,
            );
        }
        self.rights(&mut findings);
        match (cluster.room, cluster.used) {
            (Some(room), Some(used)) if room < wanted => findings.refuse(
                "room",
                format!(
                    "{room} free beside {}, about {wanted} are needed for another of its {used}",
                    cluster.data
                ),
                "make room there",
                false,
            ),
            (Some(room), Some(_)) => {
                findings.good("room", format!("{room} free beside {}, about {wanted} needed", cluster.data));
            }
            _ => findings.refuse(
                "room",
                format!("how large {} is, or how much room is beside it, could not be read", cluster.data),
                "see that its owner may read it",
                false,
            ),
        }
        if ask.swap {
            rewind_swap::findings(&mut findings, spec, cluster);
        }
        for name in &cluster.beside {
            findings.note("beside", format!("{name} stands there, which a restore left"));
        }
        findings.all
    }

    fn rights(&self, findings: &mut Findings<'_>) {
        let cluster = self.cluster;
        if let Some(by) = self.by() {
            if cluster.root {
                let found = format!("{by} restores, and root gives it to {}", cluster.owner);
                findings.good("rights", found);
            } else {
                let found = format!(
                    "what {by} restores has to be given to {}, and sudo does not let us be root",
                    cluster.owner
                );
                findings.refuse("rights", found, "by hand; docs/backups.md says how", false);
            }
        } else if !cluster.writable {
            let found = format!("{} may make no folder beside {}", cluster.owner, cluster.data);
            findings.refuse(
                "rights",
                found,
                "by hand, into a folder elsewhere; docs/backups.md says how",
                false,
            );
        }
    }
}

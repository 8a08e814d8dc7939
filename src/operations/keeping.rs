//! Which releases' images are kept on a server, and by which names.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::ServerFacts;
use super::numbering::Numbers;
use super::steps::COMPOSE;
use super::work::Work;
use crate::domain::deploy::AppSpec;
use crate::domain::image::ImageRef;
use crate::domain::plan::{Act, Step};
use crate::domain::release::{ReleaseNumber, ReleaseOutcome};

/// How many of the releases that are not kept are looked at: the older ones were before.
const LOOKED_AT: usize = 20;

/// The step that keeps a new release's images, and those of what was adopted for it, and lets go of the
/// oldest ones. `new` are the releases that the plan writes there, with their images.
pub(super) fn step(
    numbers: &mut Numbers,
    spec: &AppSpec,
    work: &Work,
    facts: &ServerFacts,
    new: &[(ReleaseNumber, &BTreeMap<String, ImageRef>)],
) -> Option<Step> {
    let project = spec.places.get(&work.server).map_or(spec.project.as_str(), |place| &place.project);
    let names = |number: ReleaseNumber, images: &BTreeMap<String, ImageRef>| {
        images.keys().map(|service| name(project, number, service)).collect::<Vec<_>>()
    };
    let keep: BTreeMap<String, ImageRef> = new
        .iter()
        .flat_map(|(number, images)| {
            images
                .iter()
                .filter(|(_, image)| image.digest.is_some())
                .map(|(service, image)| (name(project, *number, service), image.clone()))
        })
        .collect();
    let drop: Vec<String> = outlived(facts, usize::from(spec.keep), new.len())
        .into_iter()
        .filter_map(|number| facts.releases.iter().find(|release| release.number == number))
        .flat_map(|release| names(release.number, &release.images))
        .collect();
    if keep.is_empty() {
        return None;
    }
    let title = format!("keep the images of the last {} releases", spec.keep);
    Some(numbers.step(title, Act::Keep { keep, drop }, COMPOSE))
}

/// The releases that were good but are older than the last `keep`, of which `new` come with the plan; and
/// those that never were good.
fn outlived(facts: &ServerFacts, keep: usize, new: usize) -> BTreeSet<ReleaseNumber> {
    let newest = facts.releases.iter().rev();
    let mut good = 0;
    newest
        .filter(|release| {
            good += usize::from(release.outcome == ReleaseOutcome::Good);
            let kept = release.outcome == ReleaseOutcome::Good && good <= keep.saturating_sub(new);
            !kept && Some(release.number) != facts.current
        })
        .map(|release| release.number)
        .take(LOOKED_AT)
        .collect()
}

/// The name by which an image is kept: a tag has letters of either case, a repository has not.
fn name(project: &str, number: ReleaseNumber, service: &str) -> String {
    format!("midwatch-keep/{}:{}-{service}", project.to_lowercase(), number.folder())
}

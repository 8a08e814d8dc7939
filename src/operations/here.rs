//! Commands of the operator's on the machine of the console: once for the app, before anything is replaced
//! anywhere and when all servers are good.

use std::collections::BTreeMap;

use super::numbering::Numbers;
use super::steps::{HOOK, stage};
use super::work::Work;
use crate::domain::deploy::{AppSpec, HookPoint};
use crate::domain::image::ImageRef;
use crate::domain::plan::{Act, Stage, Step};
use crate::domain::release::ReleaseNumber;

/// What such a command is told of.
pub(super) struct Context<'a> {
    /// The app.
    pub(super) spec: &'a AppSpec,
    /// What is done on its servers.
    pub(super) work: &'a [Work],
    /// The new release.
    pub(super) release: ReleaseNumber,
    /// The services that it is of; all where empty.
    pub(super) only: &'a [String],
    /// Why, in the operator's words.
    pub(super) reason: Option<&'a str>,
}

/// The commands of a point; that they were begun and how they ended is kept on the first server.
pub(super) fn hooks(numbers: &mut Numbers, it: &Context<'_>, when: HookPoint) -> Option<Stage> {
    let first = it.work.get(..1)?;
    let folder = it.spec.folder.clone().unwrap_or_else(|| "/".to_owned());
    let env = environment(it, when);
    let hooks = it.spec.hooks.iter().filter(|hook| hook.when == when && hook.here);
    let steps: Vec<Step> = hooks
        .map(|hook| {
            let act = Act::Here { command: hook.command.clone(), folder: folder.clone(), env: env.clone() };
            numbers.step(hook.name.clone(), act, HOOK)
        })
        .collect();
    let title = format!("{}, on the console's machine", when.word());
    (!steps.is_empty()).then(|| stage(&title, first, |_| steps.clone()))
}

/// What it finds in its environment. No secret is in it: it stands in the plan.
fn environment(it: &Context<'_>, when: HookPoint) -> BTreeMap<String, String> {
    let part = |service: &String| it.only.is_empty() || it.only.contains(service);
    let images: BTreeMap<&String, &ImageRef> =
        it.work.iter().flat_map(|work| &work.pins).filter(|(service, _)| part(service)).collect();
    let mut tags: Vec<&String> = images.values().filter_map(|image| image.tag.as_ref()).collect();
    tags.sort();
    tags.dedup();
    let servers: Vec<&str> = it.work.iter().map(|work| work.server.as_str()).collect();
    let images: Vec<String> = images.iter().map(|(service, image)| format!("{service}={image}")).collect();
    let mut env = BTreeMap::new();
    let mut say = |name: &str, value: String| env.insert(format!("MIDWATCH_{name}"), value);
    say("APP", it.spec.id.to_string());
    say("WHEN", when.word().to_owned());
    say("RELEASE", it.release.to_string());
    say("SERVERS", servers.join(" "));
    say("IMAGES", images.join(" "));
    // Several services may have several tags; then none stands for all.
    if let [tag] = tags.as_slice() {
        say("TAG", (*tag).clone());
    }
    if let Some(environment) = &it.spec.environment {
        say("ENVIRONMENT", environment.to_string());
    }
    if let Some(reason) = it.reason {
        say("REASON", reason.to_owned());
    }
    env
}

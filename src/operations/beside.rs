//! New containers beside the old ones, and the proxy switched between them: what start-first,
//! blue-green and canary have in common.

use std::time::Duration;

use super::facts::{Rendered, Running, ServerFacts};
use super::numbering::Numbers;
use super::standing::{address, port, standing};
use super::steps::{REPLACE, asked, gate};
use super::work::{is_of, wanted};
use crate::domain::deploy::{AppSpec, HttpProbe, Strategy};
use crate::domain::image::ImageRef;
use crate::domain::plan::act::{Expected, Published};
use crate::domain::plan::{Act, Step};
use crate::domain::proxy::{Backend, Proxy};
use crate::domain::release::ReleaseNumber;

/// How long a proxy's test and reload may take.
pub(super) const ROUTE: Duration = Duration::from_secs(60);
/// How long what served a moment ago may take to be found good.
const STILL: Duration = Duration::from_secs(15);

/// One server's containers behind the proxy, old and new.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    proxy: Proxy,
    /// Those that serve now.
    old: Vec<Running>,
    /// Those that neither serve nor are of the release: they go first.
    idle: Vec<Running>,
    /// What the new ones will be.
    new: Expected,
    /// The port of the server that the new one takes.
    port: Option<Published>,
    /// The release's own containers run already, since they were kept.
    warm: bool,
}

impl Beside {
    pub(super) fn of(
        proxy: &Proxy,
        project: &str,
        facts: &ServerFacts,
        rendered: &Rendered,
        image: Option<ImageRef>,
    ) -> Self {
        let service = proxy.service.clone();
        let containers = wanted(facts, rendered, &service);
        let standing = standing(proxy, facts);
        let kept: Vec<Running> = standing
            .idle
            .iter()
            .filter(|it| is_of(it, Some(proxy), rendered, image.as_ref()))
            .cloned()
            .collect();
        let mut new = Expected { service, containers, image, names: Vec::new() };
        if kept.len() == usize::from(containers) {
            new.names = kept.iter().map(|it| it.name.clone()).collect();
            let idle = standing.idle.into_iter().filter(|it| !new.names.contains(&it.name)).collect();
            let port = kept.first().and_then(|it| published(proxy, port(proxy, it)));
            return Self { proxy: proxy.clone(), old: standing.serving, idle, new, port, warm: true };
        }
        let taken: Vec<u16> = standing.serving.iter().filter_map(|it| port(proxy, it)).collect();
        let free = proxy.ports.and_then(|ports| ports.into_iter().find(|port| !taken.contains(port)));
        let last = standing.serving.iter().filter_map(number).max().unwrap_or(0);
        // Compose counts on from the highest number that is there.
        let name = |n: u32| format!("{project}-{}-{}", proxy.service, last + n);
        new.names = (1..=u32::from(containers)).map(name).collect();
        Self {
            proxy: proxy.clone(),
            old: standing.serving,
            idle: standing.idle,
            new,
            port: published(proxy, free),
            warm: false,
        }
    }

    /// Whether the release's own containers run already: then requests can go to them before all else.
    pub(super) const fn is_warm(&self) -> bool {
        self.warm
    }

    /// The service.
    pub(super) fn service(&self) -> &str {
        &self.proxy.service
    }

    /// What has to be good afterwards.
    pub(super) fn expected(&self) -> Expected {
        self.new.clone()
    }

    /// Whether anything of it serves now.
    pub(super) fn serves(&self) -> bool {
        !self.old.is_empty()
    }

    /// What neither serves nor is of the release, and is in the way.
    pub(super) fn idle(&self) -> &[Running] {
        &self.idle
    }

    /// The new ones, good.
    pub(super) fn make(&self, numbers: &mut Numbers, spec: &AppSpec, release: ReleaseNumber) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.warm {
            let probe = asked(&spec.gate, std::slice::from_ref(&self.new));
            steps.push(still(numbers, release, &self.new, probe));
            return steps;
        }
        let act = Act::Beside {
            release,
            service: self.proxy.service.clone(),
            names: self.new.names.clone(),
            beside: self.old.iter().map(|it| it.id.as_str().to_owned()).collect(),
            port: self.port,
        };
        steps.push(numbers.step(format!("start {} beside", self.new.names.join(", ")), act, REPLACE));
        steps.push(gate(numbers, &spec.gate, Some(release), vec![self.new.clone()]));
        steps
    }

    /// Requests go over: at once, or in steps that are judged.
    pub(super) fn route(&self, numbers: &mut Numbers, spec: &AppSpec, release: ReleaseNumber) -> Vec<Step> {
        let mut steps = Vec::new();
        if spec.strategy == Strategy::Canary && !self.old.is_empty() && !self.warm {
            for share in spec.canary.shares.iter().copied().filter(|share| (1..100).contains(share)) {
                steps.push(self.switch(numbers, share, format!("send {share} % of the requests to the new")));
                let act = Act::Compare {
                    release,
                    service: self.proxy.service.clone(),
                    new: self.new.names.clone(),
                    old: self.old.iter().map(|it| it.name.clone()).collect(),
                    port: self.proxy.port,
                    path: spec.canary.path.clone(),
                    window: spec.canary.window,
                };
                let title =
                    format!("compare new and old for {}", crate::domain::time::Age(spec.canary.window));
                steps.push(numbers.step(title, act, spec.canary.window + Duration::from_secs(30)));
            }
        }
        steps.push(self.switch(numbers, 100, format!("send requests to {}", self.new.names.join(", "))));
        steps
    }

    /// The old ones, once nothing is sent to them; where they are not kept for a return.
    pub(super) fn retire(&self, numbers: &mut Numbers, spec: &AppSpec) -> Option<Step> {
        if self.old.is_empty() || spec.strategy == Strategy::BlueGreen {
            return None;
        }
        let containers = self.old.iter().map(|it| it.id.as_str().to_owned()).collect();
        let names: Vec<&str> = self.old.iter().map(|it| it.name.as_str()).collect();
        let act = Act::Retire { containers, drain: self.proxy.drain };
        Some(numbers.step(format!("drain and remove {}", names.join(", ")), act, self.proxy.drain + REPLACE))
    }

    /// The way back: requests to the old ones, which still run; the new ones go, unless they were there
    /// before.
    pub(super) fn back(
        &self,
        numbers: &mut Numbers,
        before: Option<(ReleaseNumber, Option<ImageRef>)>,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some((release, image)) = before.filter(|_| self.serves()) {
            let names = self.old.iter().map(|it| it.name.clone()).collect();
            let containers = u16::try_from(self.old.len()).unwrap_or(u16::MAX);
            let old = Expected { service: self.proxy.service.clone(), containers, image, names };
            // What it answers nobody knows: it served until a moment ago.
            steps.push(still(numbers, release, &old, None));
            let title = format!("send requests to {} again", old.names.join(", "));
            let mut step = self.switch(numbers, 0, title);
            if let Act::Route { instead_of, .. } = &mut step.act {
                *instead_of = self.new_addresses();
            }
            steps.push(step);
        }
        if !self.warm {
            let act = Act::Retire { containers: self.new.names.clone(), drain: self.proxy.drain };
            let title = format!("drain and remove {}", self.new.names.join(", "));
            steps.push(numbers.step(title, act, self.proxy.drain + REPLACE));
        }
        steps
    }

    /// `share` percent of the requests to the new ones.
    fn switch(&self, numbers: &mut Numbers, share: u16, title: String) -> Step {
        let (new, old) = (self.new_addresses(), self.old.iter().map(|it| address(&self.proxy, it)));
        // Each side's share is spread over its containers: weights over a common denominator.
        let (news, olds) = (count(new.len()), count(self.old.len()));
        let new = new.into_iter().map(|address| Backend { address, weight: share.saturating_mul(olds) });
        let rest = 100_u16.saturating_sub(share);
        let old = old.map(|address| Backend { address, weight: rest.saturating_mul(news) });
        let backends: Vec<Backend> = old.chain(new).collect();
        let act = Act::Route {
            file: self.proxy.file.clone(),
            text: self.proxy.text(&backends),
            test: self.proxy.test.clone(),
            reload: self.proxy.reload.clone(),
            settles: self.proxy.kind.settles(),
            instead_of: Vec::new(),
        };
        numbers.step(title, act, ROUTE)
    }

    fn new_addresses(&self) -> Vec<String> {
        let host = self.port.map(|port| port.host);
        self.new.names.iter().map(|name| self.proxy.address(name, host)).collect()
    }
}

/// Containers that ran before this run are good, or nothing is switched to them.
fn still(
    numbers: &mut Numbers,
    release: ReleaseNumber,
    expected: &Expected,
    probe: Option<HttpProbe>,
) -> Step {
    let services = vec![expected.clone()];
    let act = Act::Gate { release: Some(release), services, steady: Duration::ZERO, probe };
    numbers.step(format!("see that {} is still good", expected.names.join(", ")), act, STILL)
}

/// At least one, so that a side without containers does not make the other's share nothing.
fn count(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX).max(1)
}

fn published(proxy: &Proxy, host: Option<u16>) -> Option<Published> {
    host.map(|host| Published { host, container: proxy.port })
}

/// The number that Compose gave a container.
pub(super) fn number(it: &Running) -> Option<u32> {
    it.name.rsplit(['-', '_']).next()?.parse().ok()
}

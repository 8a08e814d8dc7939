//! One service on one server: what there is of it, and the steps to another number.

use std::time::Duration;

use crate::domain::container::ContainerState;
use crate::domain::deploy::{AppSpec, Place};
use crate::domain::ids::ServerId;
use crate::domain::image::ImageRef;
use crate::domain::plan::act::Expected;
use crate::domain::plan::{Act, Change, Step};
use crate::domain::proxy::{Backend, Proxy};
use crate::domain::release::ReleaseNumber;
use crate::operations::beside::{ROUTE, number};
use crate::operations::facts::{Running, ServerFacts};
use crate::operations::numbering::Numbers;
use crate::operations::standing::{address, standing};
use crate::operations::steps::{REPLACE, gate};

/// A service that is scaled.
pub(super) struct One {
    service: String,
    release: Option<ReleaseNumber>,
    /// How many it is to have.
    to: u16,
    /// Whether that is another number than its file's own.
    keep: bool,
    /// What was written down of it.
    noted: Option<u16>,
    /// Those that there are, the lowest number first; behind a proxy those that serve.
    present: Vec<Running>,
    /// Those behind the proxy that serve nothing: Compose would count them.
    idle: Vec<Running>,
    image: Option<ImageRef>,
    /// The proxy whose file says where requests go, with the names of those that are made.
    routed: Option<(Proxy, Vec<String>)>,
}

impl One {
    /// Nothing where the Compose file has no such service.
    pub(super) fn of(
        spec: &AppSpec,
        place: &Place,
        facts: &ServerFacts,
        service: &str,
        to: u16,
    ) -> Option<Self> {
        let file = facts.services.as_ref().ok()?.get(service)?;
        let behind = spec.proxy.as_ref().filter(|proxy| proxy.service == service);
        let told = behind.map(|proxy| (proxy, standing(proxy, facts))).filter(|(_, it)| it.told);
        let (routed, mut present, idle) = match told {
            Some((proxy, standing)) => (Some(proxy), standing.serving, standing.idle),
            None => (None, facts.containers_of(service).cloned().collect(), Vec::new()),
        };
        present.sort_by_key(|it| number(it).unwrap_or(0));
        let project = &place.project;
        let routed = routed.map(|proxy| {
            // Compose counts on from the highest number that is there.
            let last = present.iter().filter_map(number).max().unwrap_or(0);
            let more = u32::from(to).saturating_sub(u32::try_from(present.len()).unwrap_or(u32::MAX));
            (proxy.clone(), (1..=more).map(|n| format!("{project}-{service}-{}", last + n)).collect())
        });
        let current = facts.releases.iter().find(|it| Some(it.number) == facts.current);
        let pinned = current.and_then(|release| release.images.get(service).cloned());
        let image = pinned.or_else(|| {
            let one = present.first()?;
            let image: ImageRef = one.image.parse().ok()?;
            Some(image.pinned(one.digest.clone()?))
        });
        Some(Self {
            service: service.to_owned(),
            release: facts.current,
            to,
            keep: to != file.containers,
            noted: facts.scale.get(service).copied(),
            present,
            idle,
            image,
            routed,
        })
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    /// How many there are.
    pub(super) fn before(&self) -> u16 {
        u16::try_from(self.present.len()).unwrap_or(u16::MAX)
    }

    /// Whether there is nothing to do.
    fn stands(&self) -> bool {
        let runs = self.present.iter().all(|it| it.state == ContainerState::Running);
        self.before() == self.to && runs && self.noted == self.keep.then_some(self.to)
    }

    pub(super) fn change(&self, server: &ServerId) -> Option<Change> {
        let told = |n: u16| Some(format!("{n} container{}", if n == 1 { "" } else { "s" }));
        (!self.stands()).then(|| Change {
            server: Some(server.clone()),
            what: self.service.clone(),
            from: told(self.before()),
            to: told(self.to),
        })
    }

    pub(super) fn interrupts(&self, server: &ServerId) -> Option<String> {
        let names: Vec<&str> = self.surplus().iter().map(|it| it.name.as_str()).collect();
        let goes = if self.routed.is_some() { "drained and removed" } else { "stopped and removed" };
        (!names.is_empty()).then(|| format!("{} on {server}: {} {goes}", self.service, names.join(", ")))
    }

    /// Those that are too many: the highest numbers.
    fn surplus(&self) -> &[Running] {
        self.present.get(usize::from(self.to)..).unwrap_or_default()
    }

    fn ids(some: &[Running]) -> Vec<String> {
        some.iter().map(|it| it.id.as_str().to_owned()).collect()
    }

    /// The change itself; behind a proxy, what goes gets no requests any more.
    pub(super) fn steps(&self, numbers: &mut Numbers, spec: &AppSpec) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.stands() {
            return steps;
        }
        if let Some((proxy, new)) = &self.routed {
            if !self.surplus().is_empty() {
                let stay = self.present.iter().take(usize::from(self.to));
                steps.push(self.route(numbers, proxy, stay.map(|it| address(proxy, it)).collect()));
                return steps;
            }
            steps.extend(self.clear(numbers, &[], Duration::ZERO));
            steps.push(self.scale(numbers));
            let names = self.present.iter().map(|it| it.name.clone()).chain(new.iter().cloned()).collect();
            steps.push(gate(
                numbers,
                &spec.gate.of_earlier(),
                self.release,
                vec![self.expected(self.to, names)],
            ));
            if !new.is_empty() {
                let old = self.present.iter().map(|it| address(proxy, it));
                let new = new.iter().map(|name| proxy.address(name, None));
                steps.push(self.route(numbers, proxy, old.chain(new).collect()));
            }
            return steps;
        }
        steps.push(self.scale(numbers));
        steps.push(gate(
            numbers,
            &spec.gate.of_earlier(),
            self.release,
            vec![self.expected(self.to, Vec::new())],
        ));
        steps
    }

    /// Behind a proxy, what gets no requests any more goes, once all servers are done.
    pub(super) fn tidy(&self, numbers: &mut Numbers) -> Vec<Step> {
        let Some((proxy, _)) = self.routed.as_ref().filter(|_| !self.surplus().is_empty()) else {
            return Vec::new();
        };
        let gone = self.clear(numbers, self.surplus(), proxy.drain);
        gone.into_iter().chain([self.scale(numbers)]).collect()
    }

    /// The number before.
    pub(super) fn back(&self, numbers: &mut Numbers, spec: &AppSpec) -> Vec<Step> {
        let before = self.before();
        let mut steps = Vec::new();
        if self.stands() {
            return steps;
        }
        let all = || self.present.iter();
        if let Some((proxy, new)) = &self.routed {
            if !new.is_empty() || !self.surplus().is_empty() {
                steps.push(self.route(numbers, proxy, all().map(|it| address(proxy, it)).collect()));
            }
            if !self.surplus().is_empty() {
                return steps;
            }
            if !new.is_empty() {
                let act = Act::Retire { containers: new.clone(), drain: proxy.drain };
                steps.push(numbers.step(
                    format!("drain and remove {}", new.join(", ")),
                    act,
                    proxy.drain + REPLACE,
                ));
            }
        }
        let act = Act::Scale {
            release: self.release,
            service: self.service.clone(),
            containers: before,
            keep: self.noted.is_some(),
            known: Vec::new(),
        };
        steps.push(numbers.step(format!("scale {} to {before} again", self.service), act, REPLACE));
        if before > 0 {
            let names = match &self.routed {
                Some(_) => all().map(|it| it.name.clone()).collect(),
                None => Vec::new(),
            };
            steps.push(gate(numbers, &spec.gate.unasked(), self.release, vec![self.expected(before, names)]));
        }
        steps
    }

    fn expected(&self, containers: u16, names: Vec<String>) -> Expected {
        Expected { service: self.service.clone(), containers, image: self.image.clone(), names }
    }

    fn scale(&self, numbers: &mut Numbers) -> Step {
        // What was removed before it is not there any more.
        let known = if self.surplus().is_empty() || self.routed.is_none() {
            Self::ids(&self.present)
        } else {
            Vec::new()
        };
        let act = Act::Scale {
            release: self.release,
            service: self.service.clone(),
            containers: self.to,
            keep: self.keep,
            known,
        };
        numbers.step(format!("scale {} to {}", self.service, self.to), act, REPLACE)
    }

    /// Removes these, and what serves nothing.
    fn clear(&self, numbers: &mut Numbers, some: &[Running], drain: Duration) -> Option<Step> {
        let all: Vec<&Running> = some.iter().chain(&self.idle).collect();
        let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
        let containers = all.iter().map(|it| it.id.as_str().to_owned()).collect();
        let how = if drain.is_zero() { "remove" } else { "drain and remove" };
        let act = Act::Retire { containers, drain };
        (!all.is_empty()).then(|| numbers.step(format!("{how} {}", names.join(", ")), act, drain + REPLACE))
    }

    fn route(&self, numbers: &mut Numbers, proxy: &Proxy, to: Vec<String>) -> Step {
        let backends: Vec<Backend> = to.into_iter().map(|address| Backend { address, weight: 1 }).collect();
        let act = Act::Route {
            file: proxy.file.clone(),
            text: proxy.text(&backends),
            test: proxy.test.clone(),
            reload: proxy.reload.clone(),
            settles: proxy.kind.settles(),
            instead_of: Vec::new(),
        };
        let title = format!("send requests to {} of {}", backends.len(), self.service);
        numbers.step(title, act, ROUTE)
    }
}

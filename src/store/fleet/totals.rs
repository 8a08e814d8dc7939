//! What a project's containers come to on one server, worked out when they change: a frame adds up
//! servers, not containers.

use super::server::ServerLive;
use crate::domain::container::ContainerState;
use crate::domain::quantity::{Bytes, Percent};

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// How many containers there are.
    pub containers: usize,
    /// How many of them run.
    pub running: usize,
    /// How often they were restarted by the engine.
    pub restarts: u32,
    /// What those use of which that is known; `None` where it is of none.
    pub cpu: Option<Percent>,
    /// The same of memory.
    pub memory: Option<Bytes>,
}

impl Totals {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let cpu = self.cpu.iter().chain(&other.cpu).map(|it| it.0);
        let memory = self.memory.iter().chain(&other.memory).map(|it| it.0);
        Self {
            containers: self.containers + other.containers,
            running: self.running + other.running,
            restarts: self.restarts.saturating_add(other.restarts),
            cpu: cpu.reduce(|a, b| a + b).map(Percent),
            memory: memory.reduce(u64::saturating_add).map(Bytes),
        }
    }
}

/// Of each project on a server, by its name.
pub(super) fn by_project(server: &ServerLive) -> Vec<(String, Totals)> {
    let all = server.known_containers().chunk_by(|a, b| a.project == b.project);
    all.filter_map(|containers| {
        let project = containers.first()?.project.clone()?;
        let one = containers.iter().map(|it| {
            let usage = server.container_usage(&it.id);
            Totals {
                containers: 1,
                running: usize::from(it.state == ContainerState::Running),
                restarts: it.restarts,
                cpu: usage.map(|usage| usage.cpu),
                memory: usage.map(|usage| usage.memory),
            }
        });
        Some((project, one.fold(Totals::default(), Totals::and)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Fleet;
    use super::*;
    use crate::domain::container::{Container, ContainerUsage};
    use crate::domain::setup::Setup;
    use crate::domain::time::Timestamp;
    use crate::store::fleet::rules::sample::{container, server};

    #[test]
    fn they_follow_the_containers_and_what_those_use() {
        let now = Timestamp::from_secs(1000);
        let mut fleet = Fleet::default();
        fleet.configure(&Setup { servers: vec![server("a").setup], ..Setup::default() });
        let totals = |fleet: &mut Fleet| {
            fleet.refresh(now);
            fleet.server(&"a".into()).unwrap().totals("shop")
        };
        assert_eq!(totals(&mut fleet), Totals::default());
        let all = ["shop-web-1", "shop-web-2", "shop-worker-1"].map(container);
        let ids = all.clone().map(|it| it.id);
        let [first, second, third] = all;
        let stopped = Container { state: ContainerState::Exited, restarts: 3, ..third };
        fleet.containers(&"a".into(), vec![first, second, stopped.clone()], now);
        let none = Totals { containers: 3, running: 2, restarts: 3, cpu: None, memory: None };
        assert_eq!(totals(&mut fleet), none);
        let usage = |cpu, memory| ContainerUsage {
            cpu: Percent(cpu),
            memory: Bytes(memory),
            ..ContainerUsage::default()
        };
        let [one, two, _] = ids;
        fleet.usage(&"a".into(), vec![(one, usage(1.5, 10)), (two, usage(2.0, 20))], now);
        assert_eq!(totals(&mut fleet), Totals { cpu: Some(Percent(3.5)), memory: Some(Bytes(30)), ..none });
        fleet.containers(&"a".into(), vec![stopped], now);
        let gone = Totals { containers: 1, restarts: 3, ..Totals::default() };
        assert_eq!(totals(&mut fleet), gone);
    }
}

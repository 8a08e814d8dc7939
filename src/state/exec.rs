//! A command in a container that has the terminal, or is about to: a shell for the most part.

use super::State;
use super::overlay::Overlay;
use super::selection::Selected;
use crate::domain::container::{Container, ContainerState};
use crate::domain::exec::{ExecAsked, ExecEnd};
use crate::domain::failure::Failure;
use crate::domain::ids::{ContainerKey, EnvironmentId, RequestId};
use crate::domain::problem::Target;
use crate::domain::setup::Guard;
use crate::domain::time::Age;
use crate::message::effect::Effect;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// By what it is told of.
    pub request: RequestId,
    /// What is to run where.
    pub asked: ExecAsked,
    /// The program that runs, once it does.
    pub program: Option<String>,
}

impl Exec {
    /// What stands above its output.
    pub fn invites(&self) -> String {
        let program = self.program.as_deref().unwrap_or_default();
        let back = "its end (exit, ctrl-d) leads back to midwatch";
        format!("[{program} in {} on {}; {back}]", self.asked.name, self.asked.server())
    }
}

impl State {
    /// The container that a command would run in: the selected one, or the only one that runs of the
    /// selected app.
    pub fn container_at_hand(&self) -> Result<(ContainerKey, &Container), &'static str> {
        let key = match self.selected() {
            Some(Selected::Target(Target::Container(key))) => key,
            Some(Selected::Target(Target::App(app))) => {
                let app = self.fleet.app(&app).ok_or("no container is selected")?;
                let runs = |key: &&ContainerKey| {
                    self.container(key).is_some_and(|it| it.state == ContainerState::Running)
                };
                let mut running = app.containers.iter().filter(runs);
                match (running.next(), running.next()) {
                    (Some(key), None) => key.clone(),
                    (None, _) => return Err("no container of the app runs"),
                    _ => return Err("it has several containers: open it and select one"),
                }
            }
            _ => return Err("no container is selected"),
        };
        let container = self.container(&key).ok_or("the container is gone")?;
        if container.state != ContainerState::Running {
            return Err("the container does not run");
        }
        Ok((key, container))
    }

    /// How strictly the environments confirm that a container is in: its server's, and its app's.
    pub fn guard_of(&self, key: &ContainerKey) -> (Guard, Option<EnvironmentId>) {
        let server = self.setup.servers.iter().find(|it| it.id == key.server);
        let app = self.fleet.apps().iter().find(|app| app.containers.contains(key));
        let app = app.and_then(|app| self.setup.apps.iter().find(|it| it.id == app.id));
        let named = [server.and_then(|it| it.environment.clone()), app.and_then(|it| it.environment.clone())];
        let known = named.into_iter().flatten().filter_map(|id| {
            let found = self.setup.environments.iter().find(|it| it.id == id)?;
            Some((found.guard, Some(id)))
        });
        known.max_by_key(|(guard, _)| *guard).unwrap_or_default()
    }

    /// Begins to open one; what is shown meanwhile takes the keys.
    pub fn open_exec(&mut self, asked: ExecAsked) -> Vec<Effect> {
        let request = self.next_request();
        self.exec = Some(Exec { request, asked: asked.clone(), program: None });
        let says = format!("opening {} \u{2026}", asked.title());
        self.overlays.push(Overlay::Opening { request, says });
        vec![Effect::Exec(request, Box::new(asked))]
    }

    /// Nobody waits for it any more.
    pub fn leave_exec(&mut self, request: RequestId) -> Vec<Effect> {
        self.forget_exec(request);
        vec![Effect::LeaveExec(request)]
    }

    /// It runs. The terminal is its own where it is still waited for.
    pub fn exec_opened(&mut self, request: RequestId, program: String) -> Vec<Effect> {
        match &mut self.exec {
            Some(exec) if exec.request == request => {
                exec.program = Some(program);
                if self.replayed { Vec::new() } else { vec![Effect::Lend(request)] }
            }
            _ => vec![Effect::LeaveExec(request)],
        }
    }

    /// It is over, and the terminal the console's again.
    pub fn exec_over(&mut self, request: RequestId, end: ExecEnd) -> Vec<Effect> {
        let Some(exec) = self.forget_exec(request) else { return Vec::new() };
        let program = exec.program.as_deref().unwrap_or("it");
        match (end.because, end.exit) {
            (Some(failure), _) => self.overlays.push(Overlay::Failure(failure)),
            (None, exit) => {
                let exit = exit.map(|code| format!(" with {code}")).unwrap_or_default();
                self.say(format!("{program} in {} ended{exit} after {}", exec.asked.name, Age(end.took)));
            }
        }
        if self.replayed { Vec::new() } else { vec![Effect::TakeBack] }
    }

    /// It could not be opened; `false` where that was another's failure.
    pub fn exec_failed(&mut self, request: RequestId, failure: &Failure) -> bool {
        if self.forget_exec(request).is_none() {
            return false;
        }
        self.overlays.push(Overlay::Failure(failure.clone()));
        true
    }

    fn forget_exec(&mut self, request: RequestId) -> Option<Exec> {
        self.overlays.retain(|it| !matches!(it, Overlay::Opening { request: held, .. } if *held == request));
        self.exec.take_if(|exec| exec.request == request)
    }
}

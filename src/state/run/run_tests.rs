use std::collections::BTreeMap;

use super::*;
use crate::domain::failure::FailureKind;
use crate::domain::plan::act::Act;
use crate::domain::plan::{FORMAT, Lane, Operation, Plan, PlanDigest, Stage, Step};
use crate::domain::run::Outcome;
use crate::domain::setup::Guard;

fn step(id: u16, title: &str) -> Step {
    let act = Act::Hook { command: vec!["true".to_owned()] };
    Step { id: StepId(id), title: title.to_owned(), act, deadline: Duration::from_secs(9) }
}

fn plan(servers: &[&str]) -> FrozenPlan {
    let mut id = 0;
    let mut stage = |title: &str, steps: &[&str]| Stage {
        tidies: false,
        only_after: Vec::new(),
        title: title.to_owned(),
        lanes: servers
            .iter()
            .map(|server| Lane {
                server: (*server).into(),
                steps: steps
                    .iter()
                    .map(|title| {
                        id += 1;
                        step(id, title)
                    })
                    .collect(),
            })
            .collect(),
    };
    let stages =
        vec![stage("prepare", &["write release 2", "pull shop:1.1"]), stage("replace", &["replace web"])];
    let undo = vec![stage("put back", &["put release 1 back"])];
    FrozenPlan::freeze(Plan {
        format: FORMAT,
        operation: Operation::Deploy,
        app: "shop".into(),
        environment: None,
        guard: Guard::Confirm,
        title: "deploy shop with shop:1.1".to_owned(),
        as_of: Timestamp::from_secs(1),
        reason: None,
        places: BTreeMap::new(),
        changes: Vec::new(),
        findings: Vec::new(),
        interrupts: Vec::new(),
        leaves: None,
        stages,
        undo,
        undone_by: "by a rollback".to_owned(),
    })
    .unwrap()
}

fn run(servers: &[&str]) -> Run {
    Run::new(RequestId(1), plan(servers), None, Timestamp::from_secs(10))
}

fn tell(run: &mut Run, at: i64, what: News) {
    let id = RunId::new(Timestamp::from_secs(10), &PlanDigest::of(b"it"));
    run.take(RunNews { run: id, at: Timestamp::from_secs(at), what });
}

#[test]
fn a_step_goes_from_waiting_over_running_to_its_end() {
    let mut it = run(&["web-1"]);
    assert_eq!((it.step(StepId(1)), it.now()), (&Standing::Waiting, "taking the locks"));
    tell(&mut it, 11, News::Begun);
    tell(&mut it, 11, News::StepBegun(StepId(1)));
    assert_eq!(it.now(), "prepare");
    tell(&mut it, 12, News::StepDone(StepId(1), "written".to_owned(), Duration::from_secs(1)));
    tell(&mut it, 12, News::StepBegun(StepId(2)));
    let pulled = |done| Progress::Pulled { done: Bytes(done), total: Bytes(100) };
    for (at, done) in [(13, 10), (14, 60)] {
        tell(&mut it, at, News::Progress(StepId(2), pulled(done)));
    }
    let Standing::Running { first, progress, .. } = it.step(StepId(2)) else { panic!("{it:?}") };
    assert_eq!((*first, progress), (Some((Timestamp::from_secs(13), Bytes(10))), &Some(pulled(60))));
    // What comes late changes nothing that is over.
    tell(&mut it, 15, News::Progress(StepId(1), Progress::Saying("late".to_owned())));
    assert_eq!(it.step(StepId(1)), &Standing::Done("written".to_owned(), Duration::from_secs(1)));
}

#[test]
fn the_way_back_is_shown_only_when_it_is_gone() {
    let mut it = run(&["web-1"]);
    let shows = |run: &Run| {
        let lines = lines::lines(run, Timestamp::from_secs(20), 100, 60).all;
        format!("{lines:?}").contains("put release 1 back")
    };
    assert!(!shows(&it));
    tell(&mut it, 12, News::StepFailed(StepId(3), Failure::new(FailureKind::Invalid, "gate", "it crashed")));
    tell(&mut it, 12, News::Undoing("it crashed".to_owned()));
    assert!(shows(&it));
    assert_eq!(it.now(), "putting back");
}

#[test]
fn what_does_not_fit_folds_the_stages_in_which_nothing_happens() {
    let servers: Vec<String> = (0..8).map(|n| format!("web-{n}")).collect();
    let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
    let mut it = run(&servers);
    tell(&mut it, 11, News::StepBegun(StepId(17)));
    let rows = |height| lines::lines(&it, Timestamp::from_secs(20), 80, height).all.len();
    assert!(rows(100) > rows(20), "{} {}", rows(100), rows(20));
    assert!(rows(20) <= 20);
}

#[test]
fn an_end_is_kept_with_its_own_time() {
    let mut it = run(&["web-1"]);
    let took = Duration::from_millis(4200);
    let end = RunEnd { outcome: Outcome::Done, because: None, stands: Vec::new(), took };
    tell(&mut it, 14, News::Ended(end));
    assert!(!it.goes_on());
    assert_eq!(it.took(Timestamp::from_secs(99)), took);
}

#[test]
fn runs_that_go_on_are_not_forgotten_for_those_that_are_over() {
    let mut runs = Runs::default();
    for n in 0..40 {
        let mut it = Run { request: RequestId(n), ..run(&["web-1"]) };
        if n > 0 {
            let end =
                RunEnd { outcome: Outcome::Done, because: None, stands: Vec::new(), took: Duration::ZERO };
            tell(&mut it, 14, News::Ended(end));
        }
        runs.begin(it);
    }
    assert!(runs.get(RequestId(0)).is_some());
    assert!(runs.newest().count() <= KEPT + 1);
}

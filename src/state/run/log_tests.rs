use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::domain::deploy::Place;
use crate::domain::plan::{FORMAT, FrozenPlan, Operation, Plan, PlanDigest, Stage, StepId};
use crate::domain::release::ReleaseNumber;
use crate::domain::run::{News, Outcome, RunEnd, RunId, RunNews};
use crate::domain::setup::Guard;

fn of(service: &str, names: &[&str]) -> Expected {
    let names = names.iter().map(|&it| it.to_owned()).collect();
    Expected { service: service.to_owned(), containers: 1, image: None, names }
}

/// New containers beside the old ones on web-1, in their place on web-2.
fn plan() -> FrozenPlan {
    let release = ReleaseNumber(2);
    let beside = Act::Beside {
        release,
        service: "web".into(),
        names: vec!["shop-web-4".into()],
        beside: Vec::new(),
        port: None,
    };
    let gate = |services| Act::Gate { release: Some(release), services, steady: Duration::ZERO, probe: None };
    let up = Act::Up {
        release,
        services: vec!["web".into()],
        replaces: Vec::new(),
        ports: BTreeMap::new(),
        scale: BTreeMap::new(),
    };
    let lane = |server: &str, first: u16, acts: Vec<Act>| Lane {
        server: server.into(),
        steps: (first..)
            .zip(acts)
            .map(|(id, act)| Step { id: StepId(id), title: "it".into(), act, deadline: Duration::ZERO })
            .collect(),
    };
    let lanes = vec![
        lane(
            "web-1",
            1,
            vec![beside, gate(vec![of("web", &["shop-web-4"])]), Act::Point { release, carried: Vec::new() }],
        ),
        lane("web-2", 11, vec![up, gate(vec![of("web", &[])])]),
    ];
    let place = Place {
        project: "shop".into(),
        directory: "/srv/shop".into(),
        file: "compose.yaml".into(),
        env_file: None,
    };
    FrozenPlan::freeze(Plan {
        format: FORMAT,
        operation: Operation::Deploy,
        app: "shop".into(),
        environment: None,
        guard: Guard::Confirm,
        title: "deploy".to_owned(),
        as_of: Timestamp::from_secs(1),
        reason: None,
        places: ["web-1", "web-2"].map(|it| (it.into(), place.clone())).into(),
        changes: Vec::new(),
        findings: Vec::new(),
        interrupts: Vec::new(),
        leaves: None,
        stages: vec![Stage { title: "replace".into(), lanes, tidies: false, only_after: Vec::new() }],
        undo: Vec::new(),
        undone_by: String::new(),
    })
    .unwrap()
}

const IT: RequestId = RequestId(7);

fn on_the_run() -> State {
    let mut state = State::new(120, 40, 1 << 20);
    state.runs.begin(Run::new(IT, plan(), None, Timestamp::from_secs(100)));
    state.open(Page::Run(IT));
    state
}

fn told(state: &mut State, at: i64, what: News) -> Vec<String> {
    let run = RunId::new(Timestamp::from_secs(100), &PlanDigest::of(b"it"));
    let news = RunNews { run, at: Timestamp::from_secs(at), what };
    state.runs.get_mut(IT).unwrap().take(news);
    said(&follow(state))
}

fn said(effects: &[Effect]) -> Vec<String> {
    let one = |effect: &Effect| match effect {
        Effect::Follow { source, back } => {
            format!("follow {source} since {}", back.since.map_or(0, |it| it.as_millis() / 1000))
        }
        Effect::Unfollow(source) => format!("leave {source}"),
        other => format!("{other:?}"),
    };
    effects.iter().map(one).collect()
}

#[test]
fn what_a_step_starts_is_followed_until_another_does() {
    let mut state = on_the_run();
    assert!(follow(&mut state).is_empty());
    assert_eq!(told(&mut state, 110, News::StepBegun(StepId(1))), ["follow web-1/shop-web-4 since 0"]);
    let done = |id| News::StepDone(StepId(id), String::new(), Duration::ZERO);
    assert!(told(&mut state, 120, done(1)).is_empty(), "between two steps it goes on");
    assert!(told(&mut state, 120, News::StepBegun(StepId(2))).is_empty(), "the same container");
    // Of a container that nobody knows yet the name is the one that Compose gives.
    assert_eq!(told(&mut state, 125, News::StepBegun(StepId(11))), ["follow web-2/shop-web-1 since 125"]);
    // The one server is done and the other not: both stay.
    assert!(told(&mut state, 130, done(2)).is_empty());
}

#[test]
fn nobody_looks_at_a_run_that_is_left_and_who_comes_back_sees_it_from_its_start() {
    let mut state = on_the_run();
    told(&mut state, 110, News::StepBegun(StepId(1)));
    told(&mut state, 120, News::StepDone(StepId(1), String::new(), Duration::ZERO));
    state.back();
    assert_eq!(said(&follow(&mut state)), ["leave web-1/shop-web-4"]);
    assert!(told(&mut state, 121, News::StepBegun(StepId(2))).is_empty());
    state.open(Page::Run(IT));
    assert_eq!(said(&follow(&mut state)), ["follow web-1/shop-web-4 since 0"]);
    // The page of logs takes it over, and keeps it.
    let taken = state.open_logs();
    assert!(said(&taken).iter().any(|it| it.contains("web-1/shop-web-4")), "{taken:?}");
    assert!(follow(&mut state).is_empty());
    state.back();
    assert!(follow(&mut state).is_empty(), "it is followed already");
}

#[test]
fn what_still_comes_of_an_earlier_look_is_not_taken() {
    let mut state = on_the_run();
    told(&mut state, 110, News::StepBegun(StepId(1)));
    let source = state.run_log.of(IT)[0].source.clone();
    assert!(!state.run_log.came(&source, false));
    assert!(state.run_log.came(&source, true) && state.run_log.came(&source, false));
    let other = LogSource { server: "db-1".into(), ..source };
    assert!(state.run_log.came(&other, false), "that of others is none of its");
}

#[test]
fn at_the_end_the_last_lines_stay() {
    let mut state = on_the_run();
    told(&mut state, 110, News::StepBegun(StepId(1)));
    let end = RunEnd { outcome: Outcome::Failed, because: None, stands: Vec::new(), took: Duration::ZERO };
    assert_eq!(told(&mut state, 130, News::Ended(end)), ["leave web-1/shop-web-4"]);
    assert_eq!(state.run_log.of(IT).len(), 1);
    assert!(follow(&mut state).is_empty());
}

#[test]
fn there_is_room_for_the_steps_and_the_lines() {
    let mut state = on_the_run();
    told(&mut state, 110, News::StepBegun(StepId(1)));
    let run = state.runs.get(IT).unwrap();
    for (columns, rows) in [(60, 13), (60, 15), (80, 22), (120, 38), (200, 58)] {
        let body = Rect { x: 0, y: 1, width: columns, height: rows };
        let (steps, log) = areas(&state, run, body);
        let log = log.unwrap_or_default();
        assert!(steps.area() + log.area() == body.area(), "{steps} {log}");
        assert_eq!(log.is_empty(), rows < ROWS, "{rows}");
        assert_eq!(log.x > 0, columns == 200, "two servers side by side have no room for more: {log}");
    }
}

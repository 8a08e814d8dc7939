//! Plans that go by an app's own checks, and by what containers without a health check answer.

use super::facts::{AppFacts, CheckFacts};
use super::sample::{container, facts, release, server, spec, steps};
use super::{deploy, rollback};
use crate::domain::checking::{Answer, OwnCheck};
use crate::domain::deploy::{AppSpec, Gate, HttpProbe, Strategy};
use crate::domain::health::{Health, Verdict};
use crate::domain::plan::{Act, Judgement, Plan, Step};

fn check(id: &str, from: Option<&str>, answer: Answer) -> CheckFacts {
    let check = OwnCheck { id: id.into(), from: from.map(Into::into), fail_after: 3 };
    CheckFacts { check, answer }
}

fn down() -> Answer {
    Answer::Not(Verdict::new(Health::Down, "it answers 502, not 2xx"))
}

/// Two servers that run 1.1 as release 1, asked for 1.2.
fn standing(checks: Vec<CheckFacts>) -> AppFacts {
    let on = |port| server(vec![container("shop-web-1", 1, port)], &[port], 2, vec![release(1, 1)]);
    AppFacts { checks, ..facts(vec![("web-1", on(8081)), ("web-2", on(8081))]) }
}

fn noted(plan: &Plan) -> Vec<(Judgement, &str)> {
    let own = plan.findings.iter().filter(|it| it.check == "checks");
    own.map(|it| (it.judgement, it.found.as_str())).collect()
}

fn checks(step: &Step) -> Option<Vec<&str>> {
    match &step.act {
        Act::Checks { checks, .. } | Act::Watch { checks, .. } => {
            Some(checks.iter().map(|it| it.check.as_str()).collect())
        }
        _ => None,
    }
}

#[test]
fn what_looks_from_a_server_is_asked_there_and_the_rest_once_after_each_group() {
    let own = vec![
        check("disk@web-1", Some("web-1"), Answer::Up),
        check("disk@web-2", Some("web-2"), Answer::Up),
        check("home", None, Answer::Up),
        check("outside", Some("probe-1"), Answer::Up),
    ];
    let facts = standing(own);
    let spec = |strategy| spec(&["web-1", "web-2"], strategy);
    let plan = deploy::plan(&spec(Strategy::Rolling), &facts, &deploy::Ask::default()).unwrap();
    insta::assert_snapshot!(steps(&plan));
    let watched: Vec<_> = plan.steps().filter(|(_, it)| matches!(it.act, Act::Watch { .. })).collect();
    let watched: Vec<_> = watched.iter().filter_map(|(_, step)| checks(step)).collect();
    assert_eq!(watched, [vec!["disk@web-1", "home", "outside"], vec!["disk@web-2"]]);
    let all = "disk@web-1, disk@web-2, home, outside are up, and have to be afterwards";
    assert_eq!(noted(&plan), [(Judgement::Good, all)]);

    // All servers at once: asked once, when all are done; where a proxy is switched, after that.
    for strategy in [Strategy::Recreate, Strategy::BlueGreen] {
        let plan = deploy::plan(&AppSpec { at_a_time: 2, ..spec(strategy) }, &facts, &deploy::Ask::default());
        let plan = plan.unwrap();
        let asked = plan.steps().filter(|(_, it)| matches!(it.act, Act::Checks { .. }));
        assert_eq!(asked.count(), 3, "{}", steps(&plan));
        let at = |wanted: &str| plan.steps().position(|(_, it)| it.title.contains(wanted)).unwrap();
        let serves = if strategy == Strategy::Recreate { "is good" } else { "send requests" };
        assert!(at(serves) < at("disk@web-1") && at("disk@web-2") < at("home"), "{}", steps(&plan));
        assert!(at("home") < at("watch for"));
    }
}

#[test]
fn what_was_not_up_before_gates_nothing_and_is_told() {
    let own = vec![
        check("api", None, down()),
        check("home", None, Answer::Excused("in maintenance since noon".into())),
        check("unit", Some("web-1"), Answer::Not(Verdict::new(Health::Unknown, "no connection to web-1"))),
    ];
    let facts = standing(own);
    let spec = spec(&["web-1", "web-2"], Strategy::Recreate);
    let plan = deploy::plan(&spec, &facts, &deploy::Ask::default()).unwrap();
    assert_eq!(
        noted(&plan),
        [
            (
                Judgement::Noted,
                "api is down before anything is changed (it answers 502, not 2xx): it cannot tell, and is not asked"
            ),
            (Judgement::Noted, "home is not asked: in maintenance since noon"),
            (
                Judgement::Noted,
                "unit is unknown before anything is changed (no connection to web-1): it cannot tell, and is not asked"
            ),
        ]
    );
    assert!(plan.steps().filter_map(|(_, step)| checks(step)).all(|asked| asked.is_empty()));
    assert_eq!(plan.refusals().count(), 0);
}

#[test]
fn a_server_that_is_left_as_it_is_says_nothing() {
    let own =
        vec![check("disk@web-1", Some("web-1"), Answer::Up), check("disk@web-2", Some("web-2"), down())];
    let facts = standing(own);
    let ask = deploy::Ask { servers: vec!["web-1".into()], ..deploy::Ask::default() };
    let plan = deploy::plan(&spec(&["web-1", "web-2"], Strategy::Recreate), &facts, &ask).unwrap();
    let told = noted(&plan);
    assert_eq!(told[0], (Judgement::Good, "disk@web-1 is up, and has to be afterwards"));
    let other = "disk@web-2 looks from web-2, which is not changed: it is not asked";
    assert_eq!(told[1..], [(Judgement::Noted, other)]);
}

fn probed() -> AppSpec {
    let probe = HttpProbe { service: None, port: 8080, path: "/health".into(), below: HttpProbe::GOOD };
    let gate = Gate { probe: Some(probe), ..Gate::default() };
    AppSpec { gate, ..spec(&["web-1"], Strategy::Recreate) }
}

fn gates(plan: &Plan) -> Vec<Option<u16>> {
    let probe = |(_, step): (_, &Step)| match &step.act {
        Act::Gate { probe, .. } | Act::Watch { probe, .. } => Some(probe.as_ref().map(|it| it.below)),
        _ => None,
    };
    plan.steps().filter_map(probe).collect()
}

#[test]
fn a_new_release_has_to_answer_an_earlier_one_has_to_answer_something_and_the_way_back_asks_nothing() {
    let on = |to, releases| server(vec![container("shop-web-1", 2, 8081)], &[8081], to, releases);
    let new = facts(vec![("web-1", on(3, vec![release(1, 1), release(2, 2)]))]);
    let plan = deploy::plan(&probed(), &new, &deploy::Ask::default()).unwrap();
    // The gate, the watch, and the gate of the way back.
    assert_eq!(gates(&plan), [Some(400), Some(400), None]);
    assert!(steps(&plan).contains("wait until web is good (without a health check: :8080/health)"));
    let old = facts(vec![("web-1", on(1, vec![release(1, 1), release(2, 2)]))]);
    let plan = rollback::plan(&probed(), &old, &rollback::Ask::default()).unwrap();
    assert_eq!(gates(&plan), [Some(500)]);

    // Another service is not asked what this one is.
    let mut only = probed();
    only.gate.probe.as_mut().unwrap().service = Some("api".into());
    assert_eq!(gates(&deploy::plan(&only, &new, &deploy::Ask::default()).unwrap()), [None, None, None]);
    // Redirects are good, what lies beyond is not.
    let probe = probed().gate.probe.unwrap();
    assert!(probe.is_good(204) && probe.is_good(302) && !probe.is_good(404) && !probe.is_good(101));
}

#[test]
fn a_plan_of_before_reads_as_one_without_checks() {
    let own = vec![check("home", None, Answer::Up)];
    let plan =
        deploy::plan(&spec(&["web-1", "web-2"], Strategy::Recreate), &standing(own), &deploy::Ask::default());
    let mut text = serde_json::to_value(plan.unwrap()).unwrap();
    let stages = text["stages"].as_array_mut().unwrap();
    stages.retain(|it| it["title"] != "ask the app's checks");
    for step in stages.iter_mut().flat_map(|it| it["lanes"].as_array_mut().unwrap()) {
        for step in step["steps"].as_array_mut().unwrap() {
            step["act"].as_object_mut().unwrap().remove("checks");
        }
    }
    let read: Plan = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), text, "nothing is added to what was written");
}

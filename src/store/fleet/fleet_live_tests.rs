//! The fleet as a whole: observations in, verdicts, apps and problems out.

use std::time::Duration;

use proptest::prelude::*;

use super::super::rules::sample::{NOW, container, setup, vitals};
use super::*;
use crate::domain::check::CheckKind;
use crate::domain::container::{Container, ContainerState};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::link::Link;
use crate::domain::problem::Target;
use crate::domain::quantity::Bytes;
use crate::domain::unit::Units;
use crate::domain::vitals::{DiskUse, Vitals};

fn fleet() -> Fleet {
    let mut fleet = Fleet::default();
    let app = AppSetup {
        id: "shop".into(),
        project: "shop".into(),
        environment: None,
        servers: vec!["web-1".into()],
        checks: vec!["shop".into()],
        proxied: false,
    };
    fleet.configure(&Setup {
        servers: vec![setup("web-1"), setup("db-1")],
        apps: vec![app],
        ..Setup::default()
    });
    fleet
}

/// Each is one thing that was seen at the same instant.
fn observations() -> Vec<fn(&mut Fleet)> {
    vec![
        |f| f.link(&"web-1".into(), Link::Up, NOW),
        |f| f.link(&"db-1".into(), Link::Down { failure: lost(), next_try: None }, NOW),
        |f| f.vitals(&"web-1".into(), full(), NOW),
        |f| f.vitals(&"db-1".into(), vitals(), NOW),
        |f| f.containers(&"web-1".into(), vec![dead("shop-web-1")], NOW),
        |f| f.containers(&"db-1".into(), vec![container("shop-db-1")], NOW),
        |f| f.units(&"web-1".into(), Units::default(), NOW),
        |f| f.check_result(check("shop", None), NOW),
        |f| f.check_result(check("seen", Some("db-1")), NOW),
    ]
}

fn lost() -> Failure {
    Failure::new(FailureKind::Unreachable, "connect", "no route")
}

fn full() -> Vitals {
    let disk = DiskUse { mount: "/".into(), used: Bytes(100), ..DiskUse::default() };
    Vitals { disks: vec![disk], ..vitals() }
}

fn dead(name: &str) -> Container {
    Container { state: ContainerState::Exited, exit_code: Some(1), ..container(name) }
}

fn check(name: &str, from: Option<&str>) -> CheckResult {
    CheckResult {
        check: name.into(),
        kind: CheckKind::Http,
        target: "https://shop.example".into(),
        from: from.map(ServerId::from),
        verdict: Verdict::new(Health::Down, "status 502"),
        latency: None,
        interval: Duration::from_secs(10),
        facts: Vec::new(),
        figures: Vec::new(),
        failures: 3,
        blocked_by: None,
    }
}

fn words(fleet: &Fleet) -> Vec<String> {
    fleet.problems().iter().map(|p| format!("{}: {} (+{})", p.id, p.cause, p.affects.len())).collect()
}

proptest! {
    #[test]
    fn the_order_of_observations_does_not_matter(order in Just(observations()).prop_shuffle()) {
        let mut fleet = fleet();
        for apply in order {
            apply(&mut fleet);
        }
        fleet.refresh(NOW);
        prop_assert_eq!(words(&fleet), [
            "db-1:link: unreachable: no route (+2)",
            "web-1:disk:/: disk / is full (+2)",
        ]);
        let verdicts: Vec<_> = fleet.servers().map(|server| server.verdict().health).collect();
        prop_assert_eq!(verdicts, [Health::Degraded, Health::Down]);
        prop_assert_eq!(fleet.app(&"shop".into()).map(|app| app.verdict.health), Some(Health::Down));
    }
}

#[test]
fn before_anything_is_seen_nothing_is_up_and_nothing_is_wrong() {
    let mut fleet = fleet();
    fleet.refresh(NOW);
    assert!(fleet.problems().is_empty());
    assert!(fleet.servers().all(|server| server.verdict().health == Health::Unknown));
    assert_eq!(fleet.app(&"shop".into()).map(|app| app.verdict.health), Some(Health::Unknown));
}

#[test]
fn nothing_is_worked_out_twice_within_a_second() {
    let mut fleet = fleet();
    fleet.vitals(&"web-1".into(), vitals(), NOW);
    assert!(fleet.refresh(NOW));
    assert!(!fleet.refresh(NOW + Duration::from_millis(900)));
    fleet.vitals(&"web-1".into(), full(), NOW);
    assert!(fleet.refresh(NOW + Duration::from_millis(950)));
}

#[test]
fn a_server_that_falls_silent_turns_unknown_by_time_alone() {
    let mut fleet = fleet();
    fleet.link(&"web-1".into(), Link::Up, NOW);
    fleet.vitals(&"web-1".into(), vitals(), NOW);
    fleet.containers(&"web-1".into(), vec![container("shop-web-1")], NOW);
    fleet.refresh(NOW);
    assert_eq!(fleet.server(&"web-1".into()).map(|s| s.verdict().health), Some(Health::Up));
    fleet.refresh(NOW + Duration::from_secs(7));
    let verdict = fleet.server(&"web-1".into()).map(|s| s.verdict().clone());
    assert_eq!(verdict, Some(Verdict::new(Health::Unknown, "vitals were last read 7s ago")));
}

#[test]
fn a_frame_between_two_ticks_judges_what_changed_and_nothing_ages_for_long() {
    let mut fleet = fleet();
    let (old, new) = (ServerId::from("web-1"), ServerId::from("db-1"));
    for id in [&old, &new] {
        fleet.link(id, Link::Up, NOW);
        fleet.vitals(id, vitals(), NOW);
    }
    fleet.refresh(NOW + Duration::from_secs(5));
    let health = |fleet: &Fleet, id| fleet.server(id).map(|server| server.verdict().health);
    let later = NOW + Duration::from_secs(7);
    fleet.vitals(&new, full(), later);
    fleet.refresh_changed(later);
    assert_eq!(health(&fleet, &new), Some(Health::Degraded));
    assert_eq!(health(&fleet, &old), Some(Health::Up));
    fleet.refresh(later);
    assert_eq!(health(&fleet, &old), Some(Health::Unknown));
    fleet.vitals(&old, vitals(), later);
    fleet.refresh_changed(later);
    assert_eq!(health(&fleet, &old), Some(Health::Up));
    // Ticks fail to come: the frames see to it themselves.
    fleet.refresh_changed(later + Duration::from_secs(9));
    assert_eq!(health(&fleet, &old), Some(Health::Unknown));
}

#[test]
fn a_lost_server_stays_one_problem_while_it_is_tried_again() {
    let mut fleet = fleet();
    let id: ServerId = "web-1".into();
    fleet.link(&id, Link::Up, NOW);
    fleet.vitals(&id, vitals(), NOW);
    fleet.link(&id, Link::Down { failure: lost(), next_try: None }, NOW);
    fleet.refresh(NOW);
    let later = NOW + Duration::from_secs(60);
    fleet.link(&id, Link::Connecting, later);
    fleet.link(&id, Link::Down { failure: lost(), next_try: None }, later);
    fleet.refresh(later);
    assert_eq!(fleet.problems().iter().map(|p| p.since).collect::<Vec<_>>(), [NOW]);
    fleet.link(&id, Link::Up, later);
    fleet.vitals(&id, vitals(), later);
    fleet.refresh(later);
    assert!(fleet.problems().is_empty());
    assert_eq!(fleet.marks().iter().count(), 2);
}

#[test]
fn a_reload_keeps_what_stays_and_forgets_what_goes() {
    let mut fleet = fleet();
    fleet.vitals(&"web-1".into(), vitals(), NOW);
    fleet.vitals(&"db-1".into(), full(), NOW);
    fleet.check_result(check("seen", Some("db-1")), NOW);
    fleet.refresh(NOW);
    fleet.configure(&Setup { servers: vec![setup("new-1"), setup("web-1")], ..Setup::default() });
    fleet.vitals(&"db-1".into(), full(), NOW);
    fleet.refresh(NOW);
    let names: Vec<_> = fleet.servers().map(|server| server.id().to_string()).collect();
    assert_eq!(names, ["new-1", "web-1"]);
    assert!(fleet.server(&"web-1".into()).is_some_and(|s| s.vitals.value().is_some()));
    assert!(fleet.problems().is_empty() && fleet.check(&"seen".into()).is_none());
}

#[test]
fn a_slow_pace_is_not_staleness() {
    let mut fleet = fleet();
    let id: ServerId = "web-1".into();
    fleet.link(&id, Link::Up, NOW);
    fleet.watch(|_| false, 5);
    fleet.vitals(&id, vitals(), NOW);
    fleet.refresh(NOW + Duration::from_secs(29));
    assert!(fleet.problems().is_empty());
    fleet.refresh(NOW + Duration::from_secs(31));
    assert!(fleet.problems().iter().any(|p| p.target == Target::Server(id.clone())));
}

#[test]
fn many_restarts_of_a_running_container_are_a_problem() {
    let mut fleet = fleet();
    let id: ServerId = "web-1".into();
    fleet.link(&id, Link::Up, NOW);
    fleet.vitals(&id, vitals(), NOW);
    for restarts in 0..4 {
        fleet.containers(&id, vec![Container { restarts, ..container("shop-web-1") }], NOW);
    }
    fleet.refresh(NOW);
    assert_eq!(
        words(&fleet),
        ["web-1:container:shop-web-1: shop-web-1 restarted 3 times in 10 minutes (+0)"]
    );
    assert_eq!(fleet.marks().iter().count(), 3);
    // Neither its row nor its app says that all is well between two restarts.
    let server = fleet.server(&id).unwrap();
    assert_eq!(server.judged(&server.known_containers()[0], NOW).health, Health::Degraded);
    let apps: Vec<Health> = fleet.apps().iter().map(|app| app.verdict.health).collect();
    assert_eq!(apps, [Health::Degraded]);
}

#[test]
fn the_first_good_result_of_a_check_ends_what_its_app_did_not_know() {
    let mut fleet = fleet();
    fleet.link(&"web-1".into(), Link::Up, NOW);
    fleet.vitals(&"web-1".into(), vitals(), NOW);
    fleet.containers(&"web-1".into(), vec![container("shop-web-1")], NOW);
    fleet.refresh(NOW);
    let of_shop = |fleet: &Fleet| fleet.app(&"shop".into()).unwrap().verdict.clone();
    assert_eq!(of_shop(&fleet).reason, "check shop was not made yet");
    let good = CheckResult { verdict: Verdict::up(), ..check("shop", None) };
    fleet.check_result(good, NOW);
    fleet.refresh(NOW);
    assert_eq!(of_shop(&fleet), Verdict::up());
}

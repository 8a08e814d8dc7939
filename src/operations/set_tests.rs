//! Plans of an app brought back as one set, and undone, from facts.

use std::collections::BTreeMap;

use super::Refusal;
use super::datastore_facts::Stock;
use super::facts::{CheckFacts, Running};
use super::restore::Ask;
use super::restore_facts::{Archive, Data, DatabaseServer, RestoreFacts, Stands};
use super::sample::{container, datastore, facts, postgres as postgres_in, release, server, spec, steps};
use super::set_choice::Chosen;
use super::set_swap::SetFacts;
use super::{set_restore, set_undo};
use crate::domain::backup::Backup;
use crate::domain::checking::{Answer, OwnCheck};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::deploy::{AppSpec, Strategy};
use crate::domain::plan::{Act, Plan, StepId};
use crate::domain::quantity::Bytes;
use crate::domain::release::{Migration, ReleaseNumber};
use crate::domain::run::RunId;
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

fn database() -> DatastoreSpec {
    datastore("shop-db", "web-1", postgres_in(Some("shop-db-1"), None, "shop"))
}

fn uploads() -> DatastoreSpec {
    datastore("uploads", "web-1", Source::Volume { volume: "shop_uploads".to_owned() })
}

fn cache() -> DatastoreSpec {
    datastore(
        "cache",
        "db-1",
        Source::Redis { container: None, run_as: None, host: None, port: None, user: None },
    )
}

fn restore_facts(stands: Stands) -> RestoreFacts {
    let backup = Backup { id: "3f2a91c0ffee".to_owned(), bytes: Bytes(2000), ..Backup::default() };
    RestoreFacts {
        as_of: Timestamp::parse_rfc3339("2026-11-21T03:04:05Z").unwrap(),
        lock: None,
        server: Ok(stands),
        stock: Ok(Stock { there: true, backups: vec![backup.clone()], ..Stock::default() }),
        backup: Some(backup),
        from: None,
        archive: Some(Ok(Archive { major: Some(17), ..Archive::default() })),
    }
}

fn postgres(databases: &[&str]) -> RestoreFacts {
    restore_facts(Stands::Server(DatabaseServer {
        major: 17,
        live: Some(Bytes(5000)),
        databases: databases.iter().map(|&it| it.to_owned()).collect(),
        may_create: true,
        may_swap: true,
        free_connections: Some(50),
        room: Some(Bytes(1 << 30)),
        ..DatabaseServer::default()
    }))
}

fn data(names: &[&str], users: &[&str]) -> RestoreFacts {
    restore_facts(Stands::Data(Data {
        live: Some(Bytes(5000)),
        names: names.iter().map(|&it| it.to_owned()).collect(),
        users: users.iter().map(|&it| it.to_owned()).collect(),
        room: Some(Bytes(1 << 30)),
        ..Data::default()
    }))
}

/// The app at release 2, with a container that is its database, asked for release `to`.
fn stands(to: u8) -> SetFacts {
    let db = Running { service: "db".to_owned(), ports: Vec::new(), ..container("shop-db-1", 9, 0) };
    let worker =
        Running { service: "worker".to_owned(), ports: Vec::new(), ..container("shop-worker-1", 9, 0) };
    let mut second = release(2, 2);
    second.migrations = vec![Migration {
        name: "migrate".to_owned(),
        service: "web".to_owned(),
        down: Some(vec!["down".to_owned()]),
        taken_back: false,
    }];
    let running = vec![container("shop-web-1", 2, 8081), db, worker];
    let on = server(running, &[8081], to, vec![release(1, 1), second]);
    SetFacts {
        as_of: Timestamp::parse_rfc3339("2026-11-21T03:04:05Z").unwrap(),
        parts: vec![
            (database(), postgres(&["shop"])),
            (uploads(), data(&["shop_uploads"], &["shop-web-1", "syncer"])),
            (cache(), data(&[], &[])),
        ],
        app: facts(vec![("web-1", on)]),
    }
}

fn app() -> AppSpec {
    spec(&["web-1"], Strategy::Rolling)
}

fn set(release: Option<u32>) -> Chosen {
    let member = |id: &str| (id.into(), Backup { id: "3f2a91c0ffee".to_owned(), ..Backup::default() });
    Chosen {
        run: "20261120-1".to_owned(),
        at: Timestamp::parse_rfc3339("2026-11-20T02:00:00Z").unwrap(),
        release: release.map(ReleaseNumber),
        members: BTreeMap::from(["shop-db", "uploads", "cache"].map(member)),
        files: true,
    }
}

fn swap() -> Ask {
    Ask { swap: true, ..Ask::default() }
}

fn refused(plan: &Plan) -> Vec<&str> {
    plan.refusals().map(|it| it.found.as_str()).collect()
}

#[test]
fn all_is_made_safe_and_brought_beside_before_the_app_is_stopped_and_all_of_it_changes_places() {
    let plan = set_restore::plan(&app(), &set(Some(1)), &stands(1), &swap()).unwrap();
    insta::assert_snapshot!(steps(&plan));
    assert_eq!(refused(&plan), Vec::<&str>::new());
    // What is its own database goes on: without it there is nothing to exchange in.
    assert!(plan.interrupts.iter().any(|it| it.starts_with("web, worker on web-1: stopped before")));
    assert_eq!(plan.guard, Guard::TypeName);
    assert_eq!(plan.leaves, Some(ReleaseNumber(2)));
    // Each step has a number of its own, in the order in which they come.
    let numbers: Vec<StepId> = plan.steps().map(|(_, step)| step.id).collect();
    assert!(numbers.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "{numbers:?}");
}

#[test]
fn the_app_is_put_back_only_where_something_of_it_was_begun_and_its_data_always() {
    let plan = set_restore::plan(&app(), &set(Some(1)), &stands(1), &swap()).unwrap();
    let stop = plan.steps().find(|(_, step)| matches!(step.act, Act::Halt { .. })).unwrap().1.id;
    for stage in &plan.undo {
        let data = stage.lanes.iter().flat_map(|it| &it.steps).all(|it| it.act.datastore().is_some());
        assert_eq!(stage.only_after.is_empty(), data, "{}", stage.title);
        assert!(data || stage.only_after.contains(&stop), "{}", stage.title);
    }
}

#[test]
fn the_locks_of_all_its_datastores_are_taken_with_that_of_the_app() {
    let plan = set_restore::plan(&app(), &set(Some(1)), &stands(1), &swap()).unwrap();
    let folder = |id: &str| format!(".local/state/midwatch/datastores/{id}");
    assert_eq!(plan.places["web-1"].directory, "/srv/shop");
    assert_eq!(plan.places["db-1"].directory, folder("cache"));
    assert_eq!(plan.beside(&"web-1".into()), [folder("shop-db"), folder("uploads")].into());
    assert!(plan.beside(&"db-1".into()).is_empty());
    assert!(!plan.is_of_a_datastore());
}

#[test]
fn migrations_go_with_the_data_and_come_back_with_them() {
    let plan = set_restore::plan(&app(), &set(Some(1)), &stands(1), &swap()).unwrap();
    let carried = |plan: &Plan| {
        let all = plan.stages.iter().flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps);
        let points = all.filter_map(|step| match &step.act {
            Act::Point { carried, .. } => Some(carried.clone()),
            _ => None,
        });
        points.flatten().map(|it| (it.release.0, it.name, it.taken_back)).collect::<Vec<_>>()
    };
    assert_eq!(carried(&plan), [(2, "migrate".to_owned(), true)]);
    assert!(plan.steps().all(|(_, step)| !matches!(step.act, Act::Migrate { .. })));
    assert!(plan.findings.iter().any(|it| it.found.contains("goes with the data")));
    let undo = undone(&plan).unwrap();
    assert_eq!(carried(&undo), [(2, "migrate".to_owned(), false)]);
}

#[test]
fn beside_nothing_of_the_app_is_touched() {
    let plan = set_restore::plan(&app(), &set(Some(1)), &stands(1), &Ask::default()).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    db-1: bring backup 3f2a91c0 back into restore-20261121T030405.rdb
    web-1: bring backup 3f2a91c0 back into shop_restore_20261121T030405
    web-1: bring backup 3f2a91c0 back into shop_uploads_restore_20261121T030405
    db-1: compare restore-20261121T030405.rdb with the data of Redis
    web-1: compare shop_restore_20261121T030405 with shop
    web-1: compare shop_uploads_restore_20261121T030405 with shop_uploads
    back: db-1: the data of Redis as before
    back: web-1: shop_uploads as before
    back: web-1: shop as before
    ");
    assert!(plan.interrupts.is_empty() && plan.leaves.is_none());
}

#[test]
fn the_same_release_is_only_stopped_and_started() {
    let plan = set_restore::plan(&app(), &set(Some(2)), &stands(2), &swap()).unwrap();
    let told = steps(&plan);
    assert!(told.contains("web-1: start web, worker\n"), "{told}");
    assert!(!told.contains("release"), "{told}");
    assert_eq!(plan.leaves, None);
    // Nor does one that was taken before there was any.
    let plan = set_restore::plan(&app(), &set(None), &stands(2), &swap()).unwrap();
    assert!(!steps(&plan).contains("release"));
    assert!(plan.findings.iter().any(|it| it.found.contains("before there was a release")));
}

#[test]
fn the_apps_checks_are_asked_once_the_same_release_runs_again() {
    let mut facts = stands(2);
    let check = OwnCheck { id: "shop-web".into(), from: None, fail_after: 3 };
    facts.app.checks = vec![CheckFacts { check, answer: Answer::Up }];
    let plan = set_restore::plan(&app(), &set(Some(2)), &facts, &swap()).unwrap();
    let titles: Vec<&str> = plan.stages.iter().map(|it| it.title.as_str()).collect();
    let at = |title: &str| titles.iter().position(|it| *it == title).unwrap();
    assert_eq!(at("ask the app's checks"), at("start the app") + 1, "{titles:?}");
    assert!(steps(&plan).contains("web-1: wait until the check shop-web is up\n"), "{}", steps(&plan));
    assert!(plan.findings.iter().any(|it| it.found == "shop-web is up, and has to be afterwards"));
    // Another release asks them by itself, and once.
    facts.app.checks[0].check.id = "shop-other".into();
    let mut another = stands(1);
    another.app.checks = facts.app.checks;
    let plan = set_restore::plan(&app(), &set(Some(1)), &another, &swap()).unwrap();
    assert_eq!(steps(&plan).matches("wait until the check shop-other is up").count(), 1, "{}", steps(&plan));
}

#[test]
fn a_release_that_the_ledger_has_no_longer_is_refused() {
    let refusal = set_restore::plan(&app(), &set(Some(7)), &stands(1), &swap()).unwrap_err();
    let Refusal::Senseless(failure) = refusal else { panic!("{refusal:?}") };
    assert!(failure.to_string().contains("has no release 7 any more"), "{failure}");
    // Its data alone can be looked at all the same.
    assert!(set_restore::plan(&app(), &set(Some(7)), &stands(1), &Ask::default()).is_ok());
}

/// The undo of a plan that was carried out: the app is at release 1, asked for 2.
fn undone(plan: &Plan) -> Result<Plan, Refusal> {
    let run = RunId::try_from("20261121-3f2a91c0".to_owned()).unwrap();
    let mut now = stands(2);
    now.parts = vec![
        (database(), postgres(&["shop", "shop_before_20261121T030405"])),
        (uploads(), data(&["shop_uploads", "shop_uploads_before_20261121T030405"], &["shop-web-1"])),
        (cache(), data(&["before-20261121T030405"], &[])),
    ];
    let on = now.app.servers.get_mut("web-1").unwrap().as_mut().unwrap();
    on.current = Some(ReleaseNumber(1));
    on.running[0] = container("shop-web-1", 1, 8081);
    set_undo::plan(&app(), &now, &run, plan, None)
}

#[test]
fn an_undo_brings_all_of_it_back_with_the_release_that_stood() {
    let restored = set_restore::plan(&app(), &set(Some(1)), &stands(1), &swap()).unwrap();
    let undo = undone(&restored).unwrap();
    insta::assert_snapshot!(steps(&undo));
    assert_eq!(refused(&undo), Vec::<&str>::new());
    let beside = set_restore::plan(&app(), &set(Some(1)), &stands(1), &Ask::default()).unwrap();
    assert!(matches!(undone(&beside), Err(Refusal::Senseless(_))));
}

#[test]
fn an_undo_of_which_a_part_is_gone_is_refused() {
    let restored = set_restore::plan(&app(), &set(Some(1)), &stands(1), &swap()).unwrap();
    let run = RunId::try_from("20261121-3f2a91c0".to_owned()).unwrap();
    let mut now = stands(2);
    now.parts[0].1 = postgres(&["shop", "shop_before_20261121T030405"]);
    let plan = set_undo::plan(&app(), &now, &run, &restored, None).unwrap();
    let told = refused(&plan).join("\n");
    assert!(
        told.contains("uploads: shop_uploads_before_20261121T030405, which the run replaced, is not there"),
        "{told}"
    );
    assert!(!told.contains("shop-db:"), "{told}");
}

#[test]
fn an_undo_leaves_what_had_nothing_before_it_and_says_so() {
    let mut lost = stands(1);
    lost.parts[1].1 = data(&[], &[]);
    if let Ok(Stands::Data(data)) = &mut lost.parts[1].1.server {
        data.live = None;
    }
    let restored = set_restore::plan(&app(), &set(Some(1)), &lost, &swap()).unwrap();
    let undo = undone(&restored).unwrap();
    assert!(undo.title.ends_with("shop-db, cache of shop as before, and release 2"), "{}", undo.title);
    assert!(!steps(&undo).contains("uploads"), "{}", steps(&undo));
    let told = "uploads: nothing stood there before that run; what it brought stays";
    assert!(undo.findings.iter().any(|it| it.found == told), "{:?}", undo.findings);
}

#[test]
fn a_redis_needs_room_for_what_is_brought_and_for_what_stands() {
    let mut tight = stands(1);
    if let Ok(Stands::Data(data)) = &mut tight.parts[2].1.server {
        data.room = Some(Bytes(6000));
    }
    let told = refused(&set_restore::plan(&app(), &set(Some(1)), &tight, &swap()).unwrap()).join("\n");
    assert!(told.starts_with("cache: ") && told.contains("free where its data is, about"), "{told}");
    let beside = set_restore::plan(&app(), &set(Some(1)), &tight, &Ask::default()).unwrap();
    assert_eq!(refused(&beside), Vec::<&str>::new());
}

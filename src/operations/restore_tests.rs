//! Plans of restores, from facts.

use super::Refusal;
use super::datastore_facts::Stock;
use super::restore::{Ask, chosen, plan};
use super::restore_facts::{Archive, Data, DatabaseServer, RestoreFacts, Stands};
use super::sample::{datastore, postgres, steps};
use super::{drill, undo};
use crate::domain::backup::Backup;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::{Judgement, Plan};
use crate::domain::quantity::Bytes;
use crate::domain::run::RunId;
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

pub(super) fn spec() -> DatastoreSpec {
    DatastoreSpec {
        environment: Some("production".into()),
        production: true,
        ..datastore("shop-db", "db-1", postgres(None, None, "shop"))
    }
}

pub(super) fn facts(databases: &[&str]) -> RestoreFacts {
    let backup = Backup { id: "3f2a91c0ffee".to_owned(), bytes: Bytes(2000), ..Backup::default() };
    let server = DatabaseServer {
        major: 17,
        version: "PostgreSQL 17.6".to_owned(),
        live: databases.contains(&"shop").then_some(Bytes(5000)),
        databases: databases.iter().map(|it| (*it).to_owned()).collect(),
        may_create: true,
        may_swap: true,
        free_connections: Some(50),
        room: Some(Bytes(1 << 30)),
        ..DatabaseServer::default()
    };
    RestoreFacts {
        as_of: Timestamp::parse_rfc3339("2026-11-21T03:04:05Z").unwrap(),
        lock: None,
        server: Ok(Stands::Server(server)),
        stock: Ok(Stock { there: true, backups: vec![backup.clone()], ..Stock::default() }),
        from: None,
        backup: Some(backup),
        archive: Some(Ok(Archive { major: Some(17), ..Archive::default() })),
    }
}

pub(super) fn swap() -> Ask {
    Ask { swap: true, ..Ask::default() }
}

pub(super) fn refused(plan: &Plan) -> Vec<&str> {
    plan.refusals().map(|it| it.check.as_str()).collect()
}

#[test]
fn what_stands_is_made_safe_before_anything_takes_its_place() {
    let plan = plan(&spec(), &facts(&["shop", "shop_before_20261101T000000"]), &swap()).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    db-1: back up what stands in shop, and read it back
    db-1: bring backup 3f2a91c0 back into shop_restore_20261121T030405
    db-1: compare shop_restore_20261121T030405 with shop
    db-1: call shop shop_before_20261121T030405, and shop_restore_20261121T030405 shop
    db-1: drop shop_before_20261101T000000
    back: db-1: shop as before
    ");
    assert_eq!(refused(&plan), Vec::<&str>::new());
    assert_eq!(plan.guard, Guard::TypeName);
}

#[test]
fn beside_nothing_is_interrupted_and_a_name_that_is_taken_is_refused() {
    let beside = Ask { to: Some("shop_monday".to_owned()), ..Ask::default() };
    let plan = |databases: &[&str]| plan(&spec(), &facts(databases), &beside).unwrap();
    insta::assert_snapshot!(steps(&plan(&["shop"])), @"
    db-1: bring backup 3f2a91c0 back into shop_restore_20261121T030405
    db-1: compare shop_restore_20261121T030405 with shop
    db-1: call shop_restore_20261121T030405 shop_monday
    back: db-1: shop as before
    ");
    assert_eq!(plan(&["shop"]).interrupts, Vec::<String>::new());
    assert_eq!(refused(&plan(&["shop", "shop_monday"])), ["name"]);
    // What was replaced not long ago stays, and is told of.
    let recent = plan(&["shop", "shop_before_20261120T000000"]);
    assert!(!steps(&recent).contains("drop"));
    assert!(
        recent.findings.iter().any(|it| it.found.starts_with("shop_before_20261120T000000 stands there"))
    );
}

#[test]
fn a_database_that_is_gone_comes_back_under_its_name() {
    let plan = plan(&spec(), &facts(&["postgres"]), &swap()).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    db-1: bring backup 3f2a91c0 back into shop_restore_20261121T030405
    db-1: call shop_restore_20261121T030405 shop
    back: db-1: shop as before
    ");
}

#[test]
fn what_cannot_work_is_refused_before() {
    let mut facts = facts(&["shop"]);
    facts.archive = Some(Ok(Archive {
        major: Some(18),
        extensions: ["postgis".to_owned()].into(),
        ..Archive::default()
    }));
    if let Ok(Stands::Server(server)) = &mut facts.server {
        server.may_swap = false;
        server.free_connections = Some(1);
        server.room = Some(Bytes(10));
    }
    let first = plan(&spec(), &facts, &swap()).unwrap();
    assert_eq!(refused(&first), ["rights", "version", "extensions", "connections", "room"]);
    // A reason is not enough for what cannot work at all.
    let ask = Ask { reason: Some("now".to_owned()), ..swap() };
    let second = plan(&spec(), &facts, &ask).unwrap();
    assert_eq!(refused(&second), ["rights", "extensions"]);
    assert_eq!(second.findings.iter().filter(|it| it.judgement == Judgement::Overridden).count(), 3);
    facts.backup = None;
    assert!(matches!(plan(&spec(), &facts, &swap()), Err(Refusal::Senseless(_))));
}

#[test]
fn a_backup_is_named_by_what_no_other_begins_with() {
    let backup = |id: &str| Backup { id: id.to_owned(), ..Backup::default() };
    let all = [backup("3f2a"), backup("3f2b")];
    assert_eq!(chosen(&all, None).unwrap().unwrap().id, "3f2b");
    assert_eq!(chosen(&all, Some("3f2a")).unwrap().unwrap().id, "3f2a");
    // What a restore replaced is meant by nobody who does not name it, unless there is nothing else.
    let replaced = |id: &str| Backup { safety: true, ..backup(id) };
    assert_eq!(chosen(&[backup("3f2a"), replaced("3f2b")], None).unwrap().unwrap().id, "3f2a");
    assert_eq!(chosen(&[replaced("3f2b")], None).unwrap().unwrap().id, "3f2b");
    assert_eq!(chosen(&[backup("3f2a"), replaced("3f2b")], Some("3f2b")).unwrap().unwrap().id, "3f2b");
    for id in ["3f2", "4", ""] {
        assert!(chosen(&all, Some(id)).is_err(), "{id}");
    }
}

#[test]
fn an_undo_gives_the_names_back_and_drops_nothing() {
    let restored = plan(&spec(), &facts(&["shop"]), &swap()).unwrap();
    let run = RunId::try_from("20261121-3f2a91c0".to_owned()).unwrap();
    let undone = |databases: &[&str], of: &Plan| undo::plan(&spec(), &facts(databases), &run, of, None);
    let undo = undone(&["shop", "shop_before_20261121T030405"], &restored).unwrap();
    insta::assert_snapshot!(steps(&undo), @"
    db-1: call shop shop_restore_20261121T030405, and shop_before_20261121T030405 shop
    back: db-1: shop as it was until now
    ");
    assert!(undo.steps().all(|(_, step)| !step.act.shell(&undo.places["db-1"]).contains("drop database")));
    assert_eq!(refused(&undone(&["shop"], &restored).unwrap()), ["database"]);
    let beside = plan(&spec(), &facts(&["shop"]), &Ask::default()).unwrap();
    assert!(matches!(undone(&["shop"], &beside), Err(Refusal::Senseless(_))));
}

#[test]
fn a_drill_leaves_nothing_whatever_was_left_before() {
    let mut facts = facts(&["shop", "shop_drill_20261120T000000"]);
    facts.archive = Some(Err(Failure::new(FailureKind::Invalid, "read the list", "it is cut")));
    let plan = drill::plan(&spec(), &facts, None).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    db-1: bring backup 3f2a91c0 back into shop_drill_20261121T030405
    db-1: ask shop_drill_20261121T030405 what it has to answer
    db-1: drop shop_drill_20261120T000000, shop_drill_20261121T030405
    back: db-1: drop shop_drill_20261120T000000, shop_drill_20261121T030405
    ");
    assert_eq!(refused(&plan), Vec::<&str>::new(), "what is wrong with the backup is for the drill to find");
}

#[test]
fn the_containers_that_use_a_volume_are_stopped_with_the_swap_and_named() {
    let source = Source::Volume { volume: "shop_uploads".to_owned() };
    let spec = DatastoreSpec { source, ..spec() };
    let data = Data {
        live: Some(Bytes(5000)),
        names: ["shop_uploads".to_owned(), "shop_uploads_before_20261101T000000".to_owned()].into(),
        users: vec!["web-1".to_owned()],
        ..Data::default()
    };
    let facts = RestoreFacts { server: Ok(Stands::Data(data.clone())), archive: None, ..facts(&[]) };
    let swapped = plan(&spec, &facts, &swap()).unwrap();
    insta::assert_snapshot!(steps(&swapped), @"
    db-1: back up what stands in shop_uploads, and read it back
    db-1: bring backup 3f2a91c0 back into shop_uploads_restore_20261121T030405
    db-1: compare shop_uploads_restore_20261121T030405 with shop_uploads
    db-1: stop web-1; call shop_uploads shop_uploads_before_20261121T030405, and shop_uploads_restore_20261121T030405 shop_uploads; start web-1 again
    db-1: drop shop_uploads_before_20261101T000000
    back: db-1: shop_uploads as before
    ");
    assert!(swapped.interrupts[0].starts_with("1 container that uses it is stopped"));
    // One that cannot be renamed comes back beside.
    let cannot = Some(("it is elsewhere".to_owned(), "copy it".to_owned()));
    let facts = RestoreFacts { server: Ok(Stands::Data(Data { cannot_swap: cannot, ..data })), ..facts };
    assert_eq!(refused(&plan(&spec, &facts, &swap()).unwrap()), ["swap"]);
    assert_eq!(refused(&plan(&spec, &facts, &Ask::default()).unwrap()), Vec::<&str>::new());
}

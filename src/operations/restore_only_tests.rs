//! Plans of restores of some tables or files, from facts.

use super::Refusal;
use super::restore::{Ask, plan};
use super::restore_facts::{Archive, Data, RestoreFacts, Stands};
use super::restore_tests::{facts, spec};
use super::sample::steps;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::plan::{Act, Plan};
use crate::domain::quantity::Bytes;

fn some(only: &[&str], swap: bool) -> Ask {
    Ask { only: only.iter().map(|it| (*it).to_owned()).collect(), swap, ..Ask::default() }
}

/// Why there is none.
fn refused(planned: Result<Plan, Refusal>) -> String {
    match planned {
        Err(Refusal::Senseless(failure)) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn some_tables_come_beside_and_are_compared_alone() {
    let list = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
    let archive = Archive {
        major: Some(17),
        tables: list(&["public orders shop", "audit orders shop", "audit the log shop", "public parts shop"]),
        rows: list(&["public orders shop", "audit orders shop", "audit the log shop"]),
        ..Archive::default()
    };
    let facts =
        RestoreFacts { archive: Some(Ok(archive)), ..facts(&["shop", "shop_before_20261101T000000"]) };
    let planned = |only: &[&str], swap| plan(&spec(), &facts, &some(only, swap));
    let it = planned(&["audit.orders,audit.\"the log\""], false).unwrap();
    insta::assert_snapshot!(steps(&it), @"
    db-1: bring audit.orders, audit.the log of backup 3f2a91c0 back into shop_restore_20261121T030405
    db-1: compare shop_restore_20261121T030405 with shop
    back: db-1: shop as before
    ");
    let shell = it.as_shell(&std::collections::BTreeMap::new());
    assert!(shell.contains("pg_restore --exit-on-error -w -n audit -t orders -t 'the log'"), "{shell}");
    assert!(shell.contains("create schema if not exists \"audit\""), "{shell}");
    assert!(refused(planned(&["orders"], false)).contains("audit.orders, public.orders"));
    assert!(refused(planned(&["parts"], false)).contains("name its partitions"));
    assert!(refused(planned(&["none"], false)).contains("the backup holds no table none"));
    let both = refused(planned(&["public.orders", "audit.\"the log\""], false));
    assert!(both.contains("audit.orders would come with them"), "{both}");
    assert!(refused(planned(&["audit.orders"], true)).contains("cannot take the place"));
}

#[test]
fn some_files_come_beside_below_the_paths_that_they_are_of() {
    let paths = vec!["/srv/a".to_owned(), "/srv/b/".to_owned()];
    let spec = DatastoreSpec { source: Source::Files { run_as: None, paths, exclude: vec![] }, ..spec() };
    let stands = Stands::Data(Data { live: Some(Bytes(1)), ..Data::default() });
    let facts = RestoreFacts { server: Ok(stands), archive: None, ..facts(&[]) };
    let it = plan(&spec, &facts, &some(&["/srv/b/x y"], false)).unwrap();
    insta::assert_snapshot!(steps(&it), @"
    db-1: bring srv/b/x y of backup 3f2a91c0 back into /srv/b.restore-20261121T030405
    back: db-1: /srv/b/ as before
    ");
    let kept = it
        .steps()
        .any(|(_, step)| matches!(&step.act, Act::Load { only, .. } if only.members() == ["srv/b/x y"]));
    assert!(kept);
    assert!(refused(plan(&spec, &facts, &some(&["/srv/bx"], false))).contains("/srv/bx is not below"));
    assert!(refused(plan(&spec, &facts, &some(&["/srv/b/x"], true))).contains("cannot take the place"));
}

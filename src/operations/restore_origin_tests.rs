//! Plans of restores from another datastore, from facts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::datastore_facts::Stock;
use super::restore::{Ask, plan};
use super::restore_facts::{Data, RestoreFacts, Stands};
use super::restore_origin::{Other, comes};
use super::restore_tests::{facts, refused, spec, swap};
use super::sample::steps;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::origin::Mask;
use crate::domain::plan::{FrozenPlan, Judgement, StepId};
use crate::domain::quantity::Bytes;
use crate::domain::run::RunId;
use crate::domain::setup::Guard;
use crate::domain::unfinished::{Trace, Unfinished};

/// A database of staging, and what is known where one of production comes to it.
fn staging(mask: bool) -> (DatastoreSpec, RestoreFacts) {
    let mask = mask.then(|| Mask {
        command: vec!["psql".to_owned(), "-f".to_owned(), "/etc/mask.sql".to_owned()],
        deadline: Duration::from_secs(60),
    });
    let staging = DatastoreSpec {
        id: "staging-db".into(),
        server: "staging-1".into(),
        environment: Some("staging".into()),
        production: false,
        guard: Guard::Confirm,
        repository: "staging".into(),
        mask,
        ..spec()
    };
    let facts = facts(&["shop"]);
    let other = Other { spec: spec(), stock: facts.stock.clone() };
    let own = Ok(Stock { there: true, ..Stock::default() });
    (staging, RestoreFacts { from: Some(other), stock: own, ..facts })
}

#[test]
fn what_comes_from_production_is_masked_before_anything_else_sees_it() {
    let (spec, mut facts) = staging(true);
    let masked = plan(&spec, &facts, &swap()).unwrap();
    insta::assert_snapshot!(steps(&masked), @"
    staging-1: back up what stands in shop, and read it back
    staging-1: bring backup 3f2a91c0 of shop-db back into shop_restore_20261121T030405
    staging-1: mask shop_restore_20261121T030405
    staging-1: compare shop_restore_20261121T030405 with shop
    staging-1: call shop shop_before_20261121T030405, and shop_restore_20261121T030405 shop
    back: staging-1: shop as before
    ");
    assert_eq!(refused(&masked), Vec::<&str>::new());
    assert_eq!(masked.guard, Guard::Confirm);
    // psql that goes on after an error is told of.
    assert!(masked.findings.iter().any(|it| it.check == "mask" && it.judgement == Judgement::Noted));
    let shell = masked.as_shell(&BTreeMap::new());
    assert!(shell.contains("restic dump 3f2a91c0ffee /shop-db/database.dump"), "{shell}");
    assert!(shell.contains("PGDATABASE=shop_restore_20261121T030405"), "{shell}");
    // It goes into its own repository, which has to be there.
    facts.stock = Ok(Stock::default());
    assert_eq!(refused(&plan(&spec, &facts, &swap()).unwrap()), ["repository"]);
    assert_eq!(refused(&plan(&spec, &facts, &Ask::default()).unwrap()), Vec::<&str>::new());
}

#[test]
fn data_go_from_one_environment_to_another_masked_or_for_a_reason_and_never_into_production() {
    let (without, facts) = staging(false);
    let bare = plan(&without, &facts, &swap()).unwrap();
    assert_eq!(refused(&bare), ["mask"]);
    assert!(!steps(&bare).contains("mask"));
    let ask = Ask { reason: Some("a fault that only these data show".to_owned()), ..swap() };
    let plans = plan(&without, &facts, &ask).unwrap();
    assert_eq!(refused(&plans), Vec::<&str>::new());
    assert!(plans.findings.iter().any(|it| it.check == "mask" && it.judgement == Judgement::Overridden));
    // Within one environment nothing is asked for.
    let beside =
        DatastoreSpec { environment: Some("production".into()), production: true, ..without.clone() };
    assert_eq!(refused(&plan(&beside, &facts, &swap()).unwrap()), Vec::<&str>::new());
    // The other way round a reason is not enough, and a mask neither.
    let (masked, _) = staging(true);
    let into = DatastoreSpec { mask: masked.mask, ..spec() };
    let from = Some(Other { spec: without.clone(), stock: facts.stock.clone() });
    let backwards = RestoreFacts { from, ..facts };
    let backwards = RestoreFacts { stock: Ok(Stock { there: true, ..Stock::default() }), ..backwards };
    let ask = Ask { reason: Some("now".to_owned()), ..swap() };
    assert_eq!(refused(&plan(&into, &backwards, &ask).unwrap()), ["environment"]);
    assert!(comes(&spec(), &spec()).is_err());
    let volume = DatastoreSpec { source: Source::Volume { volume: "x".to_owned() }, ..without };
    assert!(comes(&spec(), &volume).is_err());
}

#[test]
fn a_redis_is_masked_before_anything_else_sees_it_and_refused_without() {
    let redis = |container: Option<&str>| Source::Redis {
        container: container.map(str::to_owned),
        run_as: None,
        host: None,
        port: None,
        user: None,
    };
    let (spec, facts) = staging(true);
    let other =
        facts.from.clone().map(|it| Other { spec: DatastoreSpec { source: redis(None), ..it.spec }, ..it });
    let server = Ok(Stands::Data(Data { live: Some(Bytes(1)), ..Data::default() }));
    let facts = RestoreFacts { from: other, server, ..facts };
    let planned = |spec: &DatastoreSpec| plan(spec, &facts, &swap()).unwrap();
    let staging = DatastoreSpec { source: redis(None), ..spec.clone() };
    let masked = planned(&staging);
    insta::assert_snapshot!(steps(&masked), @"
    staging-1: back up what stands in the data of Redis, and read it back
    staging-1: bring backup 3f2a91c0 of shop-db back into restore-20261121T030405.rdb
    staging-1: mask restore-20261121T030405.rdb
    staging-1: compare restore-20261121T030405.rdb with the data of Redis
    staging-1: keep what stands as before-20261121T030405.rdb, and have Redis take over restore-20261121T030405.rdb by replication
    back: staging-1: the data of Redis as before
    ");
    assert_eq!(refused(&masked), Vec::<&str>::new());
    let shell = masked.as_shell(&BTreeMap::new());
    assert!(shell.contains("MIDWATCH_REDIS_SOCKET=\"$s/s\" env MIDWATCH_DATASTORE=staging-db"), "{shell}");
    let boxed = planned(&DatastoreSpec { source: redis(Some("redis-1")), ..spec.clone() });
    assert!(boxed.as_shell(&BTreeMap::new()).contains(" MIDWATCH_CONTAINER=masking env "));
    assert_eq!(refused(&planned(&DatastoreSpec { mask: None, ..staging })), ["mask"]);
}

#[test]
fn what_a_killed_run_left_is_named_until_it_is_known_to_be_masked() {
    let (spec, facts) = staging(true);
    let plan = FrozenPlan::freeze(plan(&spec, &facts, &swap()).unwrap()).unwrap();
    let left = |begun: &[u16]| {
        let trace =
            Trace { known: true, begun: begun.iter().map(|&id| StepId(id)).collect(), ..Trace::default() };
        let run = RunId::try_from("20261121-3f2a91c0".to_owned()).unwrap();
        let traces = [("staging-1".into(), Ok(trace))].into();
        Unfinished { run, plan: plan.clone(), traces }.unmasked()
    };
    assert_eq!(left(&[1]), []);
    let there = [("staging-1".into(), "shop_restore_20261121T030405".to_owned())];
    assert_eq!(left(&[2]), there);
    assert_eq!(left(&[2, 3]), there);
    // The swap is begun only where it was masked.
    assert_eq!(left(&[2, 3, 5]), []);
}

use super::*;
use crate::domain::archive::{Archived, Archiver, Base};
use crate::domain::run::RunId;
use crate::domain::setup::Guard;
use crate::domain::wal::{Segment, USUAL, stretches};
use crate::operations::facts::Held;
use crate::operations::rewind_facts::Seat;
use crate::operations::rewind_return::{self, SeatFacts, exchanged};
use crate::operations::rewind_undo::{Left, LeftFacts, brought, undo};
use crate::operations::sample::{datastore, postgres, steps};

fn spec() -> DatastoreSpec {
    DatastoreSpec {
        environment: Some("production".into()),
        production: true,
        ..datastore("shop-db", "db-1", postgres(None, Some("postgres"), "shop"))
    }
}

fn archive(tool: Tool, run_as: &str) -> ArchiveSpec {
    ArchiveSpec {
        tool,
        server: "db-1".into(),
        name: "main".to_owned(),
        container: None,
        run_as: Some(run_as.to_owned()),
        config: None,
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn facts(by: &str) -> RewindFacts {
    let segment = |n: u64| Segment::parse(&format!("0000000100000000{n:08X}"), USUAL).unwrap();
    let base = Base {
        name: "20261122-075812F".to_owned(),
        full: true,
        ended: at("2026-11-22T08:00:00Z"),
        needs: Some(segment(2)),
        failed: None,
    };
    let told = Archiver {
        last: Some(segment(6)),
        last_at: Some(at("2026-11-22T12:00:00Z")),
        now: at("2026-11-22T12:01:00Z"),
        ..Archiver::default()
    };
    let archived = Archived {
        bases: vec![base],
        wal: Some(stretches((2..=6).map(segment).collect())),
        archiver: Some(Ok(told)),
        complaint: None,
    };
    let cluster = Cluster {
        major: 17,
        version: "PostgreSQL 17.6".to_owned(),
        data: "/var/lib/postgresql/17/main".to_owned(),
        port: 5432,
        owner: "postgres".to_owned(),
        run_as: Some("postgres".to_owned()),
        by: by.to_owned(),
        root: true,
        bin: "/usr/lib/postgresql/17/bin".to_owned(),
        used: Some(Bytes(1000 << 20)),
        room: Some(Bytes(2000 << 20)),
        writable: true,
        segment: USUAL,
        settings: BTreeMap::from([("max_connections".to_owned(), "100".to_owned())]),
        seat: Seat {
            inode: Some(7),
            unit: Some("postgresql@17-main.service".to_owned()),
            config: "/etc/postgresql/17/main/postgresql.conf".to_owned(),
            databases: 3,
            sessions: 2,
            ..Seat::default()
        },
        ..Cluster::default()
    };
    RewindFacts {
        as_of: at("2026-11-22T12:01:00Z"),
        lock: None,
        archived: Ok(archived),
        cluster: Ok(cluster),
    }
}

fn planned(tool: Tool, facts: &RewindFacts, when: &str) -> Result<Plan, Refusal> {
    let by = facts.cluster.as_ref().unwrap().by.clone();
    plan(&spec(), &archive(tool, &by), facts, &Ask { at: at(when), ..Ask::default() })
}

fn refused(it: &Plan) -> Vec<&str> {
    it.refusals().map(|it| it.check.as_str()).collect()
}

#[test]
fn it_is_restored_beside_started_and_compared() {
    let plan = planned(Tool::PgBackRest, &facts("postgres"), "2026-11-22T10:00:00Z").unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    db-1: make /var/lib/postgresql/17/main_restore_20261122T120100, empty, for postgres alone
    db-1: have pgBackRest restore its backup 20261122-075812F into /var/lib/postgresql/17/main_restore_20261122T120100, for 2026-11-22T10:00:00.000Z
    db-1: start a second instance on /var/lib/postgresql/17/main_restore_20261122T120100, that archives nothing and has no network, and wait until it is as it was then
    db-1: compare its databases with those that stand
    back: db-1: stop what runs on /var/lib/postgresql/17/main_restore_20261122T120100, and remove it
    ");
    assert_eq!(refused(&plan), Vec::<&str>::new());
    assert_eq!((plan.guard, plan.interrupts.len()), (Guard::TypeName, 0));
    assert!(plan.is_of_a_datastore());
    let found: Vec<&str> = plan.findings.iter().map(|it| it.found.as_str()).collect();
    insta::assert_snapshot!(found.join("\n"), @"
    nobody else works on it
    PostgreSQL 17.6, its data in /var/lib/postgresql/17/main
    pgBackRest can restore from 2026-11-22T08:00:01.000Z to 2026-11-22T12:00:00.000Z; its backup 20261122-075812F is the last before
    2.0G free beside /var/lib/postgresql/17/main, about 1.1G needed
    ");
    insta::assert_snapshot!(plan.as_shell(&BTreeMap::new()));
    // What a killed console left is told by its plan alone.
    let read: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(read, plan);
}

fn swapped(change: impl Fn(&mut RewindFacts)) -> Plan {
    let mut facts = facts("postgres");
    change(&mut facts);
    let ask = Ask { at: at("2026-11-22T10:00:00Z"), swap: true, reason: None };
    plan(&spec(), &archive(Tool::PgBackRest, "postgres"), &facts, &ask).unwrap()
}

#[test]
fn in_the_place_of_what_stands_it_is_made_safe_exchanged_and_undone() {
    let old = "/var/lib/postgresql/17/main_before_20261001T000000";
    let before = || vec![old.to_owned(), "/var/lib/postgresql/17/main_before_20261122T110000".to_owned()];
    let plan = swapped(|it| it.cluster.as_mut().unwrap().seat.before = before());
    insta::assert_snapshot!(steps(&plan), @"
    db-1: back up what stands in shop, and read it back
    db-1: make /var/lib/postgresql/17/main_restore_20261122T120100, empty, for postgres alone
    db-1: have pgBackRest restore its backup 20261122-075812F into /var/lib/postgresql/17/main_restore_20261122T120100, for 2026-11-22T10:00:00.000Z
    db-1: start a second instance on /var/lib/postgresql/17/main_restore_20261122T120100, that archives nothing and has no network, and wait until it is as it was then
    db-1: compare its databases with those that stand
    db-1: see that the server's settings are sound, stop the second instance, and give it those
    db-1: stop postgresql@17-main.service; rename main to main_before_20261122T120100, and main_restore_20261122T120100 to main; start postgresql@17-main.service again
    db-1: remove /var/lib/postgresql/17/main_before_20261001T000000
    back: db-1: /var/lib/postgresql/17/main as before, and /var/lib/postgresql/17/main_restore_20261122T120100 removed
    ");
    assert_eq!(refused(&plan), Vec::<&str>::new());
    insta::assert_snapshot!(plan.interrupts.join("\n"), @"
    all of the server goes back, with its roles and all of its databases (3); what was written since is in what stood alone
    who is connected is disconnected (2 now), and nobody can connect until it is started again
    ");
    insta::assert_snapshot!(plan.as_shell(&BTreeMap::new()));
    let read: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(read, plan);

    // And back, from what the journal says of it.
    let (it, names) = exchanged(&plan).unwrap();
    let run = RunId::new(at("2026-11-22T12:01:00Z"), &crate::domain::plan::PlanDigest::of(b"x"));
    let done = SeatFacts { data: Some(9), aside: Some(7), ..SeatFacts::default() };
    let undo = |facts: &SeatFacts| rewind_return::undo(&spec(), (it, names), facts, &run, None).unwrap();
    let undone = undo(&done);
    insta::assert_snapshot!(steps(&undone), @"
    db-1: stop postgresql@17-main.service; rename main to main_restore_20261122T120100, and main_before_20261122T120100 to main; start postgresql@17-main.service again
    back: db-1: /var/lib/postgresql/17/main as it was until now
    ");
    assert_eq!(refused(&undone), Vec::<&str>::new());
    let (_, back) = exchanged(&undone).unwrap();
    assert_eq!((back.was, &back.from, &back.aside, back.removes), (9, &names.aside, &names.from, false));
    for (facts, why) in [
        (SeatFacts { aside: None, ..done.clone() }, "data"),
        (SeatFacts { aside: Some(8), ..done.clone() }, "data"),
        (SeatFacts { from: Some(3), ..done.clone() }, "name"),
        (SeatFacts { data: Some(7), aside: None, from: Some(9), ..done.clone() }, "data name data"),
    ] {
        assert_eq!(refused(&undo(&facts)).join(" "), why);
    }
}

#[test]
fn what_cannot_change_its_name_stays_where_it_is() {
    let refusals = |change: &dyn Fn(&mut Cluster)| {
        refused(&swapped(|it| change(it.cluster.as_mut().unwrap()))).join(" ")
    };
    assert_eq!(refusals(&|it| it.root = false), "swap");
    assert_eq!(refusals(&|it| it.seat.unit = None), "swap");
    assert_eq!(refusals(&|it| it.seat.inode = None), "swap");
    assert_eq!(refusals(&|it| it.seat.fixed = true), "swap");
    assert_eq!(refusals(&|it| it.seat.recovery = true), "replication");
    assert_eq!(refusals(&|it| it.seat.followers = 1), "replication");
}

#[test]
fn what_another_user_restores_is_handed_over() {
    let mut facts = facts("barman");
    let plan = planned(Tool::Barman, &facts, "2026-11-22T10:00:00Z").unwrap();
    let steps = steps(&plan);
    assert!(steps.contains("empty, for barman alone") && steps.contains("give it to postgres"), "{steps}");
    // What it unpacks of the log counts.
    let room = plan.findings.iter().find(|it| it.check == "room").unwrap();
    assert!(room.found.contains("about 1.2G needed"), "{}", room.found);
    facts.cluster.as_mut().unwrap().root = false;
    assert_eq!(refused(&planned(Tool::Barman, &facts, "2026-11-22T10:00:00Z").unwrap()), ["rights"]);
}

#[test]
fn a_moment_that_cannot_be_had_has_no_plan() {
    for (when, why) in [
        ("2026-11-22T08:00:00Z", "lies before all that can be restored"),
        ("2026-11-22T12:00:00.001Z", "lies after all that can be restored: from 2026-11-22T08:00:01.000Z to"),
        ("2026-11-22T12:02:00Z", "is yet to come"),
    ] {
        match planned(Tool::PgBackRest, &facts("postgres"), when) {
            Err(Refusal::Senseless(failure)) => assert!(failure.reason().contains(why), "{failure}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_run_that_is_at_work_there_is_named_where_the_server_is_silent() {
    let down = Failure::new(FailureKind::Unreachable, "look", "no connection");
    let mut it = facts("postgres");
    it.cluster = Err(down);
    let ask = Ask { at: at("2026-11-22T10:00:00Z"), ..Ask::default() };
    let told = |it: &RewindFacts| plan(&spec(), &archive(Tool::PgBackRest, "postgres"), it, &ask);
    assert!(matches!(told(&it), Err(Refusal::Unreachable(_))));
    it.lock = Some(Held::Unreadable("x".to_owned()));
    match told(&it) {
        Err(Refusal::Senseless(failure)) => assert!(failure.reason().contains("lock is held"), "{failure}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_restored_where_it_could_touch_what_stands() {
    let changed = |change: &dyn Fn(&mut Cluster)| {
        let mut facts = facts("postgres");
        change(facts.cluster.as_mut().unwrap());
        planned(Tool::PgBackRest, &facts, "2026-11-22T10:00:00Z")
    };
    let refusals = |change: &dyn Fn(&mut Cluster)| refused(&changed(change).unwrap()).join(" ");
    assert_eq!(refusals(&|it| it.room = Some(Bytes(1050 << 20))), "room");
    assert_eq!(refusals(&|it| it.used = None), "room");
    assert_eq!(refusals(&|it| it.tablespaces = 1), "tablespaces");
    assert_eq!(refusals(&|it| it.writable = false), "rights");
    assert_eq!(refusals(&|it| it.major = 12), "version");
    assert!(matches!(changed(&|it| it.data = "/data/a b".to_owned()), Err(Refusal::Senseless(_))));
    assert!(matches!(changed(&|it| it.data = "/".to_owned()), Err(Refusal::Senseless(_))));
    let elsewhere = ArchiveSpec { server: "backup-1".into(), ..archive(Tool::Barman, "barman") };
    let told = from_archive(&spec(), Some(elsewhere)).unwrap_err().to_string();
    assert!(told.contains("Barman is asked on backup-1, and the data is on db-1"), "{told}");
    assert!(from_archive(&spec(), None).unwrap_err().to_string().contains("is configured"));
    let volume = datastore("uploads", "db-1", Source::Volume { volume: "uploads".to_owned() });
    assert!(from_archive(&volume, None).unwrap_err().to_string().contains("only a PostgreSQL server"));
}

#[test]
fn it_is_removed_by_its_own_plan() {
    let plan = planned(Tool::PgBackRest, &facts("postgres"), "2026-11-22T10:00:00Z").unwrap();
    let it = brought(&plan).unwrap();
    let run = RunId::new(at("2026-11-22T12:01:00Z"), &crate::domain::plan::PlanDigest::of(b"x"));
    let mut left = LeftFacts {
        as_of: at("2026-11-22T13:00:00Z"),
        lock: None,
        left: Some(Left { bytes: Some(Bytes(1 << 30)) }),
    };
    let removed = undo(&spec(), it, &left, &run, None).unwrap();
    insta::assert_snapshot!(steps(&removed), @"db-1: stop what runs on /var/lib/postgresql/17/main_restore_20261122T120100, and remove it");
    assert!(brought(&removed).is_none());
    assert_eq!(removed.changes[0].from.as_deref(), Some("1.0G, with whatever was written to it since"));
    left.left = Some(Left { bytes: None });
    let unread = undo(&spec(), it, &left, &run, None).unwrap();
    assert!(unread.changes[0].from.as_deref().unwrap().starts_with("of a size that could not be read"));
    left.left = None;
    assert!(matches!(undo(&spec(), it, &left, &run, None), Err(Refusal::Senseless(_))));
}

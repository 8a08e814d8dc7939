use std::collections::BTreeSet;

use super::super::schedule_facts::Standing;
use super::*;
use crate::domain::datastore::{Retention, Source};
use crate::domain::plan::Judgement;
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;
use crate::operations::sample::{datastore, postgres as postgres_in};

fn spec(source: Source) -> DatastoreSpec {
    let retention = Retention { daily: 7, ..Retention::default() };
    DatastoreSpec { guard: Guard::Confirm, retention, ..datastore("shop-db", "db-1", source) }
}

fn postgres() -> Source {
    postgres_in(None, Some("postgres"), "shop $x")
}

fn ask(does: Does) -> Ask {
    Ask {
        chore: Chore::Backup,
        server: "db-1".into(),
        scope: None,
        calendar: "*-*-* 02:00:00".to_owned(),
        does,
        password: false,
        unreachable: Vec::new(),
        start: false,
        reason: None,
    }
}

fn restic(address: &str) -> Ask {
    let ssh = address.strip_prefix("sftp:").and_then(|it| it.split(':').next()).map(str::to_owned);
    ask(Does::Restic { address: address.to_owned(), ssh })
}

fn machine() -> Machine {
    Machine {
        systemd: Some(257),
        user: "ops".to_owned(),
        root: true,
        next: Ok("Sun 2026-11-22 02:00:00 UTC".to_owned()),
        restic: Some((0, 18)),
        programs: BTreeSet::from(["restic".to_owned(), "pg_dump".to_owned(), "tar".to_owned()]),
        repository: Some(true),
        ..Machine::default()
    }
}

fn planned(spec: &DatastoreSpec, ask: &Ask, machine: Machine) -> Plan {
    let facts = ScheduleFacts { as_of: Timestamp::from_secs(5), machine: Ok(machine) };
    install(spec, &facts, ask).unwrap()
}

fn refused(plan: &Plan) -> Vec<&str> {
    plan.refusals().map(|it| it.check.as_str()).collect()
}

fn service(plan: &Plan) -> &str {
    plan.steps()
        .find_map(|(_, step)| match &step.act {
            Act::Units { act: UnitsAct::Place { units, .. } } => Some(units[0].text.as_str()),
            _ => None,
        })
        .unwrap()
}

#[test]
fn restic_reads_as_the_databases_own_user_and_may_write_its_repository_alone() {
    let plan = planned(&spec(postgres()), &restic("/srv/backups"), machine());
    assert!(refused(&plan).is_empty());
    insta::assert_snapshot!(service(&plan), @r#"
    # Written by midwatch schedule install; midwatch schedule remove takes it away.
    [Unit]
    Description=Back up shop-db
    Wants=network-online.target
    After=network-online.target

    [Service]
    Type=oneshot
    User=postgres
    LoadCredential=repository:/etc/midwatch/credentials/midwatch-backup-shop-db.repository
    Environment=RESTIC_REPOSITORY=/srv/backups
    Environment=RESTIC_PASSWORD_FILE=%d/repository
    CacheDirectory=midwatch-backup-shop-db
    CacheDirectoryMode=0700
    Environment="RESTIC_CACHE_DIR=%C/midwatch-backup-shop-db"
    ExecStart=restic backup --retry-lock 10m --host db-1 --tag globals-of:shop-db --tag by:schedule@db-1 --stdin-filename globals.sql --stdin-from-command -- pg_dumpall --globals-only -w
    ExecStart=restic forget --retry-lock 10m --tag globals-of:shop-db --group-by "" --keep-within 30d --keep-daily 7
    ExecStart=restic backup --retry-lock 10m --host db-1 --tag datastore:shop-db --tag by:schedule@db-1 --stdin-filename database.dump --stdin-from-command -- pg_dump -Fc -Z 0 -w "dbname='shop $$x'"
    ExecStart=restic forget --retry-lock 10m --tag datastore:shop-db --group-by "" --keep-within 30d --keep-daily 7
    StandardOutput=journal
    StandardError=journal
    SyslogIdentifier=%N
    Nice=10
    ProtectSystem=strict
    ProtectHome=read-only
    PrivateTmp=yes
    ProtectControlGroups=yes
    UMask=0077
    NoNewPrivileges=yes
    PrivateDevices=yes
    ProtectKernelTunables=yes
    ProtectKernelModules=yes
    ProtectKernelLogs=yes
    ProtectClock=yes
    ProtectHostname=yes
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    SystemCallArchitectures=native
    SystemCallFilter=@system-service
    RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
    CapabilityBoundingSet=
    ReadWritePaths=/srv/backups
    "#);
}

#[test]
fn whoever_owns_nothing_there_is_made_up_for_the_service() {
    let source = Source::Postgres {
        container: Some("shop-db-1".to_owned()),
        run_as: Some("postgres".to_owned()),
        host: None,
        port: None,
        user: None,
        database: "shop".to_owned(),
    };
    let plan = planned(&spec(source.clone()), &restic("s3:https://s3.example/shop"), machine());
    assert_eq!(refused(&plan), ["programs"], "docker is not there");
    let text = service(&plan);
    assert!(text.contains("DynamicUser=yes\nSupplementaryGroups=docker"), "{text}");
    assert!(text.contains("-- docker exec -i -u postgres shop-db-1 pg_dump"), "{text}");
    assert!(!text.contains("ReadWritePaths"), "{text}");

    // Nobody made up has a key for SSH.
    let plan = planned(&spec(source), &restic("sftp:backup@vault:/shop"), machine());
    assert_eq!(refused(&plan), ["programs", "programs"], "neither docker nor ssh is there");
    assert!(service(&plan).contains("User=ops\nSupplementaryGroups=docker"), "{}", service(&plan));
    assert!(plan.findings.iter().any(|it| it.found.contains("the ssh of ops")), "{plan:?}");
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_written() {
    let without = Machine { restic: Some((0, 14)), repository: Some(false), root: false, ..machine() };
    let plan = planned(&spec(postgres()), &restic("/srv/backups"), without);
    assert_eq!(refused(&plan), ["restic", "repository"]);
    assert!(plan.title.contains("user's own systemd"), "{}", plan.title);
    let bad = Machine { next: Err("Failed to parse calendar specification".to_owned()), ..machine() };
    assert_eq!(refused(&planned(&spec(postgres()), &restic("/srv/backups"), bad)), ["calendar"]);
    let facts = ScheduleFacts { as_of: Timestamp::from_secs(5), machine: Ok(machine()) };
    let volume = spec(Source::Volume { volume: "data".to_owned() });
    assert!(matches!(install(&volume, &facts, &restic("/srv/b")), Err(Refusal::Senseless(_))));
}

#[test]
fn whoever_is_asked_something_on_the_way_to_the_repository_is_refused_with_what_helps() {
    let with = |away: Result<(), &str>| {
        let mut there = Machine { away: Some(away.map_err(str::to_owned)), ..machine() };
        there.programs.insert("ssh".to_owned());
        planned(&spec(postgres()), &restic("sftp:backup@vault:/shop"), there)
    };
    assert!(refused(&with(Ok(()))).is_empty());
    for (why, helps) in [
        ("Host key verification failed.", "accept it, on db-1: sudo -u postgres ssh backup@vault"),
        ("its host key is not the one that is known", "see why before anything else"),
        ("backup@vault: Permission denied (publickey).", "a key without a passphrase for postgres on db-1"),
        ("ssh: Could not resolve hostname vault", "has to work"),
    ] {
        let plan = with(Err(why));
        let refusal = plan.refusals().next().unwrap();
        assert!(refusal.check == "ssh" && refusal.found.contains(why), "{refusal:?}");
        assert!(refusal.remedy.as_ref().unwrap().contains(helps), "{refusal:?}");
    }
}

#[test]
fn midwatch_is_left_able_to_become_another_only_where_it_has_to() {
    let does = Does::Midwatch {
        program: "/usr/bin/midwatch".to_owned(),
        config: "/etc/mid watch.toml".to_owned(),
        writes: vec!["/srv/backups".to_owned()],
        environment: Vec::new(),
    };
    let here = planned(&spec(postgres()), &ask(does.clone()), machine());
    assert!(
        service(&here)
            .contains("ExecStart=/usr/bin/midwatch --config \"/etc/mid watch.toml\" backup shop-db --yes")
    );
    assert!(!service(&here).contains("NoNewPrivileges"));
    let away = DatastoreSpec { server: "db-2".into(), ..spec(postgres()) };
    let plan = planned(&away, &ask(does.clone()), machine());
    assert!(service(&plan).contains("NoNewPrivileges=yes") && service(&plan).contains("User=ops"));
    let temporary = Does::Midwatch {
        program: "/tmp/midwatch".to_owned(),
        config: String::new(),
        writes: Vec::new(),
        environment: Vec::new(),
    };
    assert_eq!(refused(&planned(&away, &ask(temporary), machine())), ["paths"]);
}

#[test]
fn what_stands_is_shown_as_lines_that_go_and_come() {
    let first = planned(&spec(postgres()), &restic("/srv/backups"), machine());
    let Some(Act::Units { act: UnitsAct::Place { units, .. } }) = first
        .steps()
        .map(|(_, step)| &step.act)
        .find(|act| matches!(act, Act::Units { act: UnitsAct::Place { .. } }))
    else {
        panic!("nothing is written")
    };
    let mut standing = machine();
    for unit in units {
        let it = Standing { hash: "aa".to_owned(), text: unit.text.replace("02:00", "03:00") };
        standing.units.insert((Scope::System, unit.name.clone()), it);
    }
    let again = planned(&spec(postgres()), &restic("/srv/backups"), standing.clone());
    let shown: Vec<(&str, &str)> =
        again.changes.iter().map(|it| (it.what.as_str(), it.to.as_deref().unwrap())).collect();
    assert_eq!(
        shown,
        [(
            "midwatch-backup-shop-db.timer",
            "\n    - OnCalendar=*-*-* 03:00:00\n    + OnCalendar=*-*-* 02:00:00"
        )]
    );
    let facts = ScheduleFacts { as_of: Timestamp::from_secs(5), machine: Ok(standing) };
    let gone = Gone { chore: Chore::Backup, server: "db-1".into(), reason: None };
    let plan = remove(&spec(postgres()), &facts, &gone).unwrap();
    assert!(plan.findings.iter().all(|it| it.judgement == Judgement::Good));
    let drill = Gone { chore: Chore::Drill, ..gone };
    assert!(remove(&spec(postgres()), &facts, &drill).is_err(), "there is none");
}

//! Whole plans, from facts.

use super::sample::{container, facts, release, server, spec, steps};
use super::{deploy, maintenance, rollback, scale};
use crate::domain::deploy::Strategy;
use crate::domain::maintenance::Notice;
use crate::domain::plan::{Act, Judgement};
use crate::domain::proxy::ProxyKind;
use crate::domain::release::{Migration, ReleaseNumber};

fn deployed(strategy: Strategy) -> crate::domain::plan::Plan {
    let running = vec![container("shop-web-3", 1, 8081)];
    let facts = facts(vec![("web-1", server(running, &[8081], 2, vec![release(1, 1)]))]);
    deploy::plan(&spec(&["web-1"], strategy), &facts, &deploy::Ask::default()).unwrap()
}

#[test]
fn start_first_switches_before_anything_goes_and_tidies_last() {
    insta::assert_snapshot!(steps(&deployed(Strategy::StartFirst)), @"
    web-1: write release 2
    web-1: start shop-web-4 beside
    web-1: wait until web is good
    web-1: send requests to shop-web-4
    web-1: watch for 1m
    web-1: make release 2 the current one
    web-1: drain and remove shop-web-3
    web-1: keep the images of the last 2 releases
    back: web-1: see that shop-web-3 is still good
    back: web-1: send requests to shop-web-3 again
    back: web-1: drain and remove shop-web-4
    back: web-1: make release 1 the current one again
    ");
}

#[test]
fn blue_green_keeps_what_served() {
    insta::assert_snapshot!(steps(&deployed(Strategy::BlueGreen)), @"
    web-1: write release 2
    web-1: start shop-web-4 beside
    web-1: wait until web is good
    web-1: send requests to shop-web-4
    web-1: watch for 1m
    web-1: make release 2 the current one
    web-1: keep the images of the last 2 releases
    back: web-1: see that shop-web-3 is still good
    back: web-1: send requests to shop-web-3 again
    back: web-1: drain and remove shop-web-4
    back: web-1: make release 1 the current one again
    ");
}

#[test]
fn a_canary_compares_at_each_share() {
    let plan = deployed(Strategy::Canary);
    let texts: Vec<String> = plan
        .steps()
        .filter_map(|(_, step)| match &step.act {
            Act::Route { text, .. } => {
                Some(text.lines().skip(2).map(str::trim).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n"), @"
    server 127.0.0.1:8081 weight=19; server 127.0.0.1:8082; }
    server 127.0.0.1:8081 weight=3; server 127.0.0.1:8082; }
    server 127.0.0.1:8081; server 127.0.0.1:8082; }
    server 127.0.0.1:8082; }
    server 127.0.0.1:8081; }
    ");
}

#[test]
fn the_new_container_takes_the_port_that_is_free() {
    let running = vec![container("shop-web-4", 1, 8082)];
    let facts = facts(vec![("web-1", server(running, &[8082], 2, vec![release(1, 1)]))]);
    let plan =
        deploy::plan(&spec(&["web-1"], Strategy::StartFirst), &facts, &deploy::Ask::default()).unwrap();
    let port = plan.steps().find_map(|(_, step)| match &step.act {
        Act::Beside { port, .. } => *port,
        _ => None,
    });
    assert_eq!(port.map(|port| port.host), Some(8081));
}

#[test]
fn what_serves_is_what_the_proxy_says_and_the_rest_goes_first() {
    // 1.1 stands by since the last deploy, 1.2 serves.
    let running = vec![container("shop-web-1", 1, 8081), container("shop-web-2", 2, 8082)];
    let facts = facts(vec![("web-1", server(running, &[8082], 3, vec![release(1, 1), release(2, 2)]))]);
    let plan = deploy::plan(&spec(&["web-1"], Strategy::BlueGreen), &facts, &deploy::Ask::default()).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    web-1: write release 3
    web-1: remove shop-web-1, which serves nothing
    web-1: start shop-web-3 beside
    web-1: wait until web is good
    web-1: send requests to shop-web-3
    web-1: watch for 1m
    web-1: make release 3 the current one
    web-1: keep the images of the last 2 releases
    back: web-1: see that shop-web-2 is still good
    back: web-1: send requests to shop-web-2 again
    back: web-1: drain and remove shop-web-3
    back: web-1: make release 2 the current one again
    ");
}

#[test]
fn a_rollback_to_what_stands_by_is_the_switch_alone() {
    let running = vec![container("shop-web-1", 1, 8081), container("shop-web-2", 2, 8082)];
    let facts = facts(vec![("web-1", server(running, &[8082], 1, vec![release(1, 1), release(2, 2)]))]);
    let plan =
        rollback::plan(&spec(&["web-1"], Strategy::BlueGreen), &facts, &rollback::Ask::default()).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    web-1: see that shop-web-1 is still good
    web-1: send requests to shop-web-1
    web-1: make release 1 the current one
    back: web-1: see that shop-web-2 is still good
    back: web-1: send requests to shop-web-2 again
    back: web-1: make release 2 the current one again
    ");
    assert!(plan.interrupts.is_empty());
}

#[test]
fn what_was_started_by_hand_is_kept_warm_too() {
    let by_hand =
        || crate::operations::Running { hash: "as written".into(), ..container("shop-web-1", 1, 8081) };
    let planned = |running, digest| {
        let mut on = server(
            vec![running, container("shop-web-2", 2, 8082)],
            &[8082],
            1,
            vec![release(1, 1), release(2, 2)],
        );
        if let (false, Some(Ok(image))) = (digest, on.images.get_mut("web")) {
            image.image.digest = None;
        }
        let facts = facts(vec![("web-1", on)]);
        rollback::plan(&spec(&["web-1"], Strategy::BlueGreen), &facts, &rollback::Ask::default()).unwrap()
    };
    let warm = |plan: &crate::domain::plan::Plan| {
        !plan.steps().any(|(_, step)| matches!(step.act, Act::Beside { .. }))
    };
    assert!(warm(&planned(by_hand(), true)));
    // Without a digest nothing tells that it is the same image, and another file is another release.
    assert!(!warm(&planned(by_hand(), false)));
    assert!(!warm(&planned(crate::operations::Running { hash: "edited".into(), ..by_hand() }, true)));
}

#[test]
fn a_strategy_that_switches_a_proxy_is_refused_without_one() {
    let facts = facts(vec![("web-1", server(Vec::new(), &[], 2, Vec::new()))]);
    let mut spec = spec(&["web-1"], Strategy::StartFirst);
    spec.proxy = None;
    assert!(deploy::plan(&spec, &facts, &deploy::Ask::default()).is_err());
}

#[test]
fn a_reload_of_caddy_that_may_reset_a_connection_is_told() {
    let told = |kind, migrates| {
        let mut on = server(vec![container("shop-web-3", 1, 8081)], &[8081], 2, vec![release(1, 1)]);
        on.proxy.as_mut().unwrap().migrates = migrates;
        let mut spec = spec(&["web-1"], Strategy::StartFirst);
        spec.proxy.as_mut().unwrap().kind = kind;
        let plan = deploy::plan(&spec, &facts(vec![("web-1", on)]), &deploy::Ask::default()).unwrap();
        plan.findings.iter().any(|it| it.check == "reload" && it.judgement == Judgement::Noted)
    };
    assert!(told(ProxyKind::Caddy, Some(false)));
    assert!(!told(ProxyKind::Caddy, Some(true)));
    assert!(!told(ProxyKind::Nginx, Some(false)));
}

#[test]
fn a_migration_that_nothing_takes_back_asks_for_a_reason() {
    let migration = Migration { name: "add".into(), service: "web".into(), down: None, taken_back: false };
    let mut newest = release(2, 2);
    newest.migrations.push(migration);
    let running = vec![container("shop-web-2", 2, 8082)];
    let facts = facts(vec![("web-1", server(running, &[8082], 1, vec![release(1, 1), newest]))]);
    let spec = spec(&["web-1"], Strategy::StartFirst);
    let mut ask = rollback::Ask { to: Some(ReleaseNumber(1)), ..rollback::Ask::default() };
    let judged = |ask: &rollback::Ask| {
        let plan = rollback::plan(&spec, &facts, ask).unwrap();
        plan.findings.iter().find(|finding| finding.check == "migration").unwrap().judgement
    };
    assert_eq!(judged(&ask), Judgement::Refused);
    ask.reason = Some("the column is new".into());
    assert_eq!(judged(&ask), Judgement::Overridden);
}

#[test]
fn the_images_of_older_releases_are_let_go_of() {
    let running = vec![container("shop-web-3", 3, 8081)];
    let releases = vec![release(1, 1), release(2, 2), release(3, 3)];
    let facts = facts(vec![("web-1", server(running, &[8081], 4, releases))]);
    let plan =
        deploy::plan(&spec(&["web-1"], Strategy::StartFirst), &facts, &deploy::Ask::default()).unwrap();
    let dropped = plan.steps().find_map(|(_, step)| match &step.act {
        Act::Keep { drop, .. } => Some(drop.clone()),
        _ => None,
    });
    // Two are kept: the new one, and the one in place.
    assert_eq!(dropped.unwrap(), ["midwatch-keep/shop:0001-web", "midwatch-keep/shop:0002-web"]);
}

fn scaled(n: u16, names: &[(&str, u16)], routed: &[u16]) -> crate::domain::plan::Plan {
    let mut spec = spec(&["web-1"], Strategy::StartFirst);
    if let Some(proxy) = &mut spec.proxy {
        proxy.ports = None;
    }
    let running = names.iter().map(|(name, port)| container(name, 1, *port)).collect();
    let mut on = server(running, routed, 1, vec![release(1, 1)]);
    let text =
        names.iter().filter(|(_, port)| routed.contains(port)).map(|(name, _)| format!("{name}:8080 "));
    on.proxy.as_mut().unwrap().text = Ok(text.collect());
    let ask = scale::Ask { services: [("web".to_owned(), n)].into(), ..Default::default() };
    scale::plan(&spec, &facts(vec![("web-1", on)]), &ask).unwrap()
}

#[test]
fn a_proxy_is_told_when_the_new_ones_are_good_and_before_the_old_ones_go() {
    let two = [("shop-web-3", 1), ("shop-web-4", 2), ("shop-web-2", 9)];
    insta::assert_snapshot!(steps(&scaled(3, &two, &[1, 2])), @"
    web-1: remove shop-web-2
    web-1: scale web to 3
    web-1: wait until web is good
    web-1: send requests to 3 of web
    back: web-1: send requests to 2 of web
    back: web-1: drain and remove shop-web-5
    back: web-1: scale web to 2 again
    back: web-1: wait until web is good
    ");
    let down = scaled(1, &two, &[1, 2]);
    insta::assert_snapshot!(steps(&down), @"
    web-1: send requests to 1 of web
    web-1: drain and remove shop-web-4, shop-web-2
    web-1: scale web to 1
    back: web-1: send requests to 2 of web
    ");
    assert_eq!(down.interrupts, ["web on web-1: shop-web-4 drained and removed"]);
}

#[test]
fn a_number_that_was_scaled_is_what_a_release_has() {
    let running = vec![container("shop-web-1", 1, 8081)];
    let mut on = server(running, &[8081], 2, vec![release(1, 1)]);
    on.scale = [("web".to_owned(), 3)].into();
    let mut spec = spec(&["web-1"], Strategy::Recreate);
    spec.proxy = None;
    let plan = deploy::plan(&spec, &facts(vec![("web-1", on)]), &deploy::Ask::default()).unwrap();
    let scales: Vec<_> = plan
        .steps()
        .filter_map(|(_, step)| match &step.act {
            Act::Up { scale, .. } => Some(scale.get("web").copied()),
            _ => None,
        })
        .collect();
    assert_eq!(scales, [Some(3), Some(3)], "going there and back");
    assert!(plan.findings.iter().any(|it| it.check == "scale" && it.judgement == Judgement::Noted));
}

/// The same app put into maintenance, from servers on which it is so or not.
fn shut(on: Option<&str>) -> crate::operations::ServerFacts {
    let mut facts = server(vec![container("shop-web-1", 1, 8081)], &[8081], 1, Vec::new());
    let line = on.map(|run| format!(
        "#! midwatch maintenance {{\"since\":\"2026-11-21T19:30:00Z\",\"by\":\"ada\",\"run\":\"{run}\",\"retry_after\":9}}\n#= to a:1\nlisten 127.77.87.1:4242;\n"
    ));
    let proxy = facts.proxy.as_mut().unwrap();
    proxy.shut = line.and_then(|text| crate::domain::maintenance::taken_apart(&text).unwrap());
    facts
}

fn maintained(on: bool, servers: Vec<(&str, crate::operations::ServerFacts)>) -> crate::domain::plan::Plan {
    let names: Vec<&str> = servers.iter().map(|(name, _)| *name).collect();
    let spec = spec(&names, Strategy::StartFirst);
    let notice = Notice { retry_after: 120, ..Notice::default() };
    let ask = maintenance::Ask { on: on.then_some(notice), ..maintenance::Ask::default() };
    maintenance::plan(&spec, &facts(servers), &ask).unwrap()
}

#[test]
fn maintenance_goes_back_to_what_stood() {
    use crate::domain::plan::Before;
    let both = || vec![("web-1", shut(None)), ("web-2", shut(Some("r7")))];
    let acts = |plan: &crate::domain::plan::Plan| -> Vec<(bool, Before, u64)> {
        let acts = plan.steps().filter_map(|(_, step)| match &step.act {
            Act::Maintain(it) => Some((it.on, it.before.clone(), it.notice.retry_after)),
            _ => None,
        });
        acts.collect()
    };
    let by = Before::By("r7".into());
    let on = maintained(true, both());
    let there = [(true, Before::Open, 120), (true, by.clone(), 120)];
    assert_eq!(acts(&on), [&there[..], &[(false, Before::Any, 120), (true, Before::Any, 9)]].concat());
    assert_eq!(on.interrupts.len(), 1, "on web-2 visitors get it already");
    let body = on.steps().find_map(|(server, step)| match &step.act {
        Act::Maintain(it) if server.as_str() == "web-2" => Some(it.body.clone()),
        _ => None,
    });
    assert!(body.unwrap().contains("127.77.87.1:4242"), "it keeps its port");
    let off = maintained(false, vec![("web-2", shut(Some("r7")))]);
    assert_eq!(acts(&off), [(false, by, 9), (true, Before::Any, 9)]);
    assert!(maintained(false, vec![("web-1", shut(None))]).refusals().next().is_some());
}

#[test]
fn maintenance_without_a_proxy_says_what_to_configure() {
    let facts = facts(vec![("web-1", shut(None))]);
    let mut spec = spec(&["web-1"], Strategy::Recreate);
    let ask = maintenance::Ask { on: Some(Notice::default()), ..maintenance::Ask::default() };
    let mut hint = |change: fn(&mut Option<crate::domain::proxy::Proxy>)| {
        change(&mut spec.proxy);
        match maintenance::plan(&spec, &facts, &ask) {
            Err(super::Refusal::Senseless(failure)) => failure.hint.unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    };
    assert!(hint(|proxy| proxy.as_mut().unwrap().site = None).contains("site = "));
    assert!(hint(|proxy| *proxy = None).contains("[apps.shop.proxy]"));
}

#[test]
fn traefik_is_put_into_maintenance_in_its_own_words() {
    let facts = facts(vec![("web-1", shut(None))]);
    let mut spec = spec(&["web-1"], Strategy::Recreate);
    spec.proxy.as_mut().unwrap().kind = ProxyKind::Traefik;
    let ask = |message: Option<&str>| maintenance::Ask {
        on: Some(Notice { message: message.map(str::to_owned), retry_after: 120, reason: None }),
        ..maintenance::Ask::default()
    };
    let plan = maintenance::plan(&spec, &facts, &ask(None)).unwrap();
    let step = plan.steps().find_map(|(_, step)| match &step.act {
        Act::Maintain(it) => Some(it.clone()),
        _ => None,
    });
    let step = step.unwrap();
    assert!(step.own_words && step.notice.retry_after == 0, "it promises no Retry-After: {:?}", step.notice);
    assert!(step.body.ends_with("servers: {}\n"), "{}", step.body);
    let to = plan.changes[0].to.as_deref().unwrap();
    assert_eq!(to, "503 in traefik's own words, without Retry-After");
    let Err(super::Refusal::Senseless(failure)) = maintenance::plan(&spec, &facts, &ask(Some("We move.")))
    else {
        panic!("a message that nobody would read");
    };
    assert!(failure.hint.unwrap().contains("leave the message away"));
}

#[test]
fn a_command_here_runs_once_for_the_app_before_anything_and_when_all_are_good() {
    use crate::domain::deploy::{Hook, HookPoint};
    let hook = |name: &str, when, here| Hook {
        name: name.into(),
        when,
        command: vec!["./tell".into(), "it's".into()],
        here,
        service: (when == HookPoint::Migrate).then(|| "web".into()),
        down: None,
    };
    let on = || server(vec![container("shop-web-1", 1, 8081)], &[8081], 2, vec![release(1, 1)]);
    let mut spec = spec(&["web-1", "web-2"], Strategy::Rolling);
    spec.proxy = None;
    spec.watch = std::time::Duration::ZERO;
    spec.hooks = vec![
        hook("warn", HookPoint::Before, true),
        hook("look", HookPoint::Before, false),
        hook("up", HookPoint::Migrate, false),
        hook("tell", HookPoint::After, true),
    ];
    let facts = facts(vec![("web-1", on()), ("web-2", on())]);
    let ask = deploy::Ask { reason: Some("a spring sale".into()), ..deploy::Ask::default() };
    let plan = deploy::plan(&spec, &facts, &ask).unwrap();
    insta::assert_snapshot!(steps(&plan), @"
    web-1: write release 2
    web-2: write release 2
    here: warn
    web-1: migrate: up
    web-1: look
    web-1: replace web
    web-1: wait until web is good
    web-2: look
    web-2: replace web
    web-2: wait until web is good
    here: tell
    web-1: make release 2 the current one
    web-2: make release 2 the current one
    web-1: keep the images of the last 2 releases
    web-2: keep the images of the last 2 releases
    back: web-1: put release 1 back
    back: web-1: wait until web is good
    back: web-1: make release 1 the current one again
    back: web-2: put release 1 back
    back: web-2: wait until web is good
    back: web-2: make release 1 the current one again
    ");
    let shell = plan.as_shell(&std::collections::BTreeMap::new());
    let at = shell.find("# here, on the machine of the console, once: tell").unwrap();
    let command = shell[at..].lines().nth(1).unwrap();
    let head =
        "(cd /home/ann/ops && env MIDWATCH_APP=shop MIDWATCH_IMAGES=web=registry:5000/shop:1.2@sha256:0202";
    assert!(command.starts_with(head), "{command}");
    let tail = " 'MIDWATCH_REASON=a spring sale' MIDWATCH_RELEASE=2 'MIDWATCH_SERVERS=web-1 web-2' MIDWATCH_TAG=1.2 \
        MIDWATCH_WHEN=after ./tell 'it'\\''s')";
    assert!(command.ends_with(tail), "{command}");
}

//! HTTP through Caddy and nginx, TLS ports good and bad, names, and a black hole.

use midwatch::domain::check::CheckResult;
use midwatch::domain::health::Health;

use super::{Bench, fact, verdict};
use crate::lab::Lab;

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn http_through_caddy_and_nginx_from_here_and_from_a_server() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["web-1", "web-2"]).await;
    let (caddy, nginx) = (lab.at("/http/web-1"), lab.at("/http/web-2"));
    let results = bench
        .run(&format!(
            "[checks.caddy]\nkind = \"http\"\nurl = \"{caddy}/healthz\"\ncondition = 'body contains \"ok\"'\n\
             [checks.nginx]\nkind = \"http\"\nurl = \"{nginx}/healthz\"\n\
             [checks.inside]\nkind = \"http\"\nurl = \"http://127.0.0.1/healthz\"\nfrom = [\"web-1\", \"web-2\"]\n\
             [checks.across]\nkind = \"http\"\nurl = \"http://web-2/healthz\"\nfrom = \"web-1\"\n\
             [checks.fail]\nkind = \"http\"\nurl = \"{caddy}/fail\"\n\
             [checks.slow]\nkind = \"http\"\nurl = \"{caddy}/slow\"\ncondition = \"latency < 300ms\"\n\
             [checks.late]\nkind = \"http\"\nurl = \"{caddy}/slow\"\ndeadline = \"300ms\"\n"
        ))
        .await;
    for name in ["caddy", "nginx", "inside@web-1", "inside@web-2", "across"] {
        assert_eq!(verdict(&results[name]), "up: ", "{name}");
    }
    assert_eq!(verdict(&results["fail"]), "down: it answers 500, not 2xx");
    let slow = verdict(&results["slow"]);
    assert!(slow.starts_with("down: latency ") && slow.ends_with("ms is not < 300 ms"), "{slow}");
    assert_eq!(verdict(&results["late"]), "down: no answer within 300 ms");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn tls_ports_are_told_apart() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["web-1"]).await;
    let ca = lab.at("/tls/ca");
    let check = |name: &str, ca: &str| {
        format!("[checks.{name}]\nkind = \"tls\"\naddress = \"{}\"\n{ca}\n", lab.at(&format!("/tls/{name}")))
    };
    let trusted = format!("ca = \"{ca}\"");
    let mut text: String =
        ["good", "expiring", "self_signed", "wrong_name"].iter().map(|name| check(name, &trusted)).collect();
    text.push_str(&check("good", "").replace("checks.good", "checks.stranger"));
    let results = bench.run(&text).await;
    assert_eq!(verdict(&results["good"]), "up: ");
    let expiring = verdict(&results["expiring"]);
    assert!(expiring.starts_with("degraded: the certificate ends in "), "{expiring}");
    let own = verdict(&results["self_signed"]);
    assert!(own.starts_with("down: the certificate is not trusted: "), "{own}");
    assert_eq!(fact(&results["self_signed"], "signed by"), "itself");
    let wrong = verdict(&results["wrong_name"]);
    assert_eq!(wrong, "down: the certificate is not trusted: it is for elsewhere.example, not 127.0.0.1");
    let stranger = verdict(&results["stranger"]);
    assert!(
        stranger.starts_with("down: the certificate is not trusted: its issuer is not known here"),
        "{stranger}"
    );
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn names_are_asked_of_a_servers_own_resolver() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["web-1"]).await;
    let named = "name = \"db-1\"\nresolver = \"127.0.0.11\"\nfrom = \"web-1\"";
    let own = "name = \"db-1\"\nfrom = \"web-1\"";
    let [named, own] = [bench.one("dns", named).await, bench.one("dns", own).await];
    assert_eq!((verdict(&named).as_str(), verdict(&own).as_str()), ("up: ", "up: "));
    assert!(!fact(&named, "answers").is_empty());
    assert_eq!(fact(&own, "answers"), fact(&named, "answers"));
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_a_black_holed_target_is_down_and_a_black_holed_server_unknown() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["web-1", "db-1"]).await;
    let text = "[checks.through]\nkind = \"tcp\"\naddress = \"db-1:5432\"\nfrom = \"web-1\"\ndeadline = \"1s\"\n\
                [checks.inside]\nkind = \"tcp\"\naddress = \"127.0.0.1:5432\"\nfrom = \"db-1\"\ndeadline = \"1s\"\n";
    assert!(bench.run(text).await.values().all(|result| result.verdict.health == Health::Up));
    let _cut = lab.fault("cut", "db-1", &[]);
    let start = tokio::time::Instant::now();
    let results = bench.run(text).await;
    assert_eq!(verdict(&results["through"]), "down: no connection to db-1:5432 within 1000 ms");
    let inside = &results["inside"];
    assert!(verdict(inside).starts_with("unknown: not seen from db-1: "), "{}", verdict(inside));
    assert_eq!(inside.blocked_by, Some("db-1".into()));
    assert!(start.elapsed() < std::time::Duration::from_secs(6), "{:?}", start.elapsed());
}

/// The number that a fact is.
fn number(result: &CheckResult, label: &str) -> i64 {
    fact(result, label).parse().unwrap_or_else(|_| panic!("{label}: {:?}", result.facts))
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn certificates_are_told_by_tls_and_by_http_and_from_a_server_too() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["web-1", "web-2"]).await;
    let ca = format!("ca = \"{}\"\n", lab.at("/tls/ca"));
    let port = |name: &str| lab.at(&format!("/tls/{name}")).rsplit_once(':').unwrap().1.to_owned();
    let tls = |name: &str, address: &str, rest: &str| {
        format!("[checks.{name}]\nkind = \"tls\"\naddress = \"{address}\"\n{ca}{rest}\n")
    };
    let http = |name: &str, url: &str, rest: &str| {
        format!("[checks.{name}]\nkind = \"http\"\nurl = \"{url}\"\n{ca}{rest}\n")
    };
    let here = |name: &str| format!("https://localhost:{}/healthz", port(name));
    let text = [
        tls("across", "web-1:8441", "from = \"web-2\""),
        tls("itself", "localhost:8442", "from = \"web-1\""),
        tls("stranger", "web-1:8444", "from = \"web-2\""),
        http("page", &here("good"), "condition = 'cert.days_left > 30'"),
        http("page_across", "https://web-1:8441/healthz", "from = \"web-2\""),
        http("soon", &here("expiring"), ""),
        http("too_soon", &here("expiring"), "condition = 'cert.days_left > 30'"),
        http("other", &here("wrong_name"), ""),
    ];
    let results = bench.run(&text.concat()).await;
    for name in ["across", "page", "page_across"] {
        let it = &results[name];
        assert_eq!(verdict(it), "up: ", "{name}");
        assert_eq!((fact(it, "certificate"), fact(it, "signed by")), ("CN=good.lab", "CN=Lab authority"));
        assert!(fact(it, "names").split(", ").any(|name| name == "web-1"), "{name}: {:?}", it.facts);
        assert!((57..=60).contains(&number(it, "days left")), "{name}: {:?}", it.facts);
    }
    for name in ["itself", "soon"] {
        let days = number(&results[name], "days left");
        assert!((2..=5).contains(&days), "{name}: {days}");
        assert_eq!(
            verdict(&results[name]),
            format!("degraded: the certificate ends in {days} days"),
            "{name}"
        );
    }
    let too_soon = verdict(&results["too_soon"]);
    assert!(
        too_soon.starts_with("down: cert.days_left ") && too_soon.ends_with(" is not > 30"),
        "{too_soon}"
    );
    for (name, asked) in [("stranger", "web-1"), ("other", "localhost")] {
        let found = verdict(&results[name]);
        let why = format!("it is for elsewhere.example, not {asked}");
        assert!(found.starts_with("down: ") && found.contains(&why), "{name}: {found}");
        assert_eq!(fact(&results[name], "names"), "elsewhere.example", "{name}");
    }
}

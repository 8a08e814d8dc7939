//! PostgreSQL over its own TLS, in the words of `sslmode`. Its certificate is for db-1 and 127.0.0.1, by
//! the lab's authority; the pooler before it speaks none.

use std::io::Write;

use midwatch::domain::health::Health;
use tempfile::NamedTempFile;

use super::{Bench, verdict};
use crate::lab::Lab;

fn parts(lab: &Lab, host: &str, port: &str, rest: &str) -> String {
    let password = lab.at("/postgres/password_file");
    format!(
        "host = \"{host}\"\nport = {port}\nuser = \"shop\"\ndatabase = \"shop\"\npassword = {{ file = \"{password}\" }}\n{rest}"
    )
}

/// The same as a URL in a file, which lasts as long as what is given back.
fn url(lab: &Lab, host: &str, port: &str, query: &str, rest: &str) -> (NamedTempFile, String) {
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "postgres://shop:{}@{host}:{port}/shop?{query}", lab.at("/postgres/password")).unwrap();
    let text = format!("url = {{ file = \"{}\" }}\n{rest}", file.path().display());
    (file, text)
}

/// An authority that has nothing to do with the lab.
fn stranger() -> NamedTempFile {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.self_signed(&key).unwrap().pem()).unwrap();
    file
}

/// What each mode says to a right name and to a wrong one, with the right authority and with another.
async fn every_mode(lab: &Lab, bench: &Bench, right: &str, wrong: &str, port: &str, from: &str) {
    let stranger = stranger();
    let trusted = format!("ca = \"{}\"\n{from}", lab.at("/postgres/ca"));
    let untrusted = format!("ca = \"{}\"\n{from}", stranger.path().display());
    for (mode, name_counts) in [("require", true), ("verify-ca", false), ("verify-full", true)] {
        let tls = |rest: &str| format!("tls = \"{mode}\"\n{rest}");
        let well = bench.one("postgres", &parts(lab, right, port, &tls(&trusted))).await;
        assert_eq!(verdict(&well), "up: ", "{mode} {from}");
        let (_file, by_url) = url(lab, right, port, &format!("sslmode={mode}"), &trusted);
        let well = bench.one("postgres", &by_url).await;
        assert_eq!(verdict(&well), "up: ", "{mode} by URL {from}");

        let named = bench.one("postgres", &parts(lab, wrong, port, &tls(&trusted))).await;
        if name_counts {
            let said = verdict(&named);
            assert!(said.starts_with("down: ") && said.contains(&format!("not {wrong}")), "{mode}: {said}");
        } else {
            assert_eq!(verdict(&named), "up: ", "{mode} {from}");
        }
        let (_file, by_url) = url(lab, wrong, port, &format!("sslmode={mode}"), &untrusted);
        for text in [parts(lab, right, port, &tls(&untrusted)), by_url] {
            let said = verdict(&bench.one("postgres", &text).await);
            assert!(
                said.starts_with("down: ") && said.contains("the certificate is not trusted"),
                "{mode}: {said}"
            );
        }
    }
    for mode in ["disable", "prefer"] {
        let text = parts(lab, wrong, port, &format!("tls = \"{mode}\"\n{untrusted}"));
        assert_eq!(verdict(&bench.one("postgres", &text).await), "up: ", "{mode} {from}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn postgres_over_tls_from_here_in_every_mode() {
    let lab = Lab::get();
    let here = lab.at("/postgres/here");
    let port = here.rsplit_once(':').unwrap().1;
    every_mode(&lab, &Bench::new(&lab), "127.0.0.1", "localhost", port, "").await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn postgres_over_tls_from_its_server_in_every_mode() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    every_mode(&lab, &bench, "db-1", "localhost", "5432", "from = \"db-1\"").await;
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_url_may_name_its_authority() {
    let lab = Lab::get();
    let bench = Bench::new(&lab);
    let here = lab.at("/postgres/here");
    let port = here.rsplit_once(':').unwrap().1;
    let query = format!("sslmode=verify-full&sslrootcert={}", lab.at("/postgres/ca"));
    let (_file, text) = url(&lab, "127.0.0.1", port, &query, "");
    assert_eq!(verdict(&bench.one("postgres", &text).await), "up: ");
    let (_file, text) = url(&lab, "127.0.0.1", port, "sslmode=verify-full", "");
    let said = verdict(&bench.one("postgres", &text).await);
    assert!(said.contains("the certificate is not trusted: its issuer is not known"), "{said}");
    let (_file, text) = url(&lab, "127.0.0.1", port, "sslmode=strict", "");
    let said = verdict(&bench.one("postgres", &text).await);
    assert!(said.starts_with("unknown: ") && said.contains("an sslmode that libpq does not know"), "{said}");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_server_without_tls_is_down_where_it_is_required() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let pooled = |host: &str, port: &str, rest: &str| {
        parts(&lab, host, port, rest).replace("database = \"shop\"", "database = \"shop_transaction\"")
    };
    let here = lab.at("/pgbouncer/here");
    let (host, port) = here.rsplit_once(':').unwrap();
    for (host, port, from) in [(host, port, ""), ("127.0.0.1", "6432", "from = \"db-1\"")] {
        for mode in ["require", "verify-ca", "verify-full"] {
            let refused =
                bench.one("postgres", &pooled(host, port, &format!("tls = \"{mode}\"\n{from}"))).await;
            assert_eq!(refused.verdict.health, Health::Down, "{}", verdict(&refused));
            assert!(verdict(&refused).contains("server does not support TLS"), "{}", verdict(&refused));
        }
        let plain = bench.one("postgres", &pooled(host, port, from)).await;
        assert_eq!(verdict(&plain), "up: ");
    }
}

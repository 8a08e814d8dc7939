//! The tags of a repository. The registries here are fakes that answer as the OCI distribution
//! specification (v1.1) and Docker Hub's API describe it; the lab has a real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch::domain::failure::FailureKind;
use midwatch::domain::image::ImageRef;
use midwatch::http::roots::Roots;
use midwatch::providers::registry::{Access, Login, Proof, RegistryError, date, list};
use midwatch::transports::{BoxDuplex, Exec, Local, Piped, RemoteCommand, Transport, TransportError};

use crate::checks::bench::{HOLD, answer, serve};
use crate::checks::tls::{authority, certificate, https_serve};

fn access() -> Access {
    Access {
        transport: Arc::new(Local),
        roots: Roots::none(),
        insecure: true,
        login: None,
        patience: Duration::from_secs(2),
    }
}

fn with_login() -> Access {
    let secret = Proof::Password("hush-hush".to_owned().into());
    Access { login: Some(Login { user: Some("ops".to_owned()), secret }), ..access() }
}

fn image(port: u16) -> ImageRef {
    format!("localhost:{port}/acme/shop:1").parse().unwrap()
}

fn names(listed: &midwatch::providers::registry::Listed) -> Vec<&str> {
    listed.tags.iter().map(|it| it.name.as_str()).collect()
}

/// Says so where it is plain HTTP that it does not speak TLS, as real ones do.
fn plain(says: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> impl Fn(&str) -> Vec<u8> + Send + Sync {
    move |said| {
        if said.starts_with("GET") || said.starts_with("POST") { says(said) } else { answer(400, "", "") }
    }
}

#[tokio::test]
async fn pages_are_followed_at_the_registry_only_and_what_is_no_tag_is_left_out() {
    let (port, heard) = serve(plain(|said| {
        let path = said.split(' ').nth(1).unwrap();
        match path {
            "/v2/acme/shop/tags/list?n=1000" => answer(
                200,
                "Link: </v2/acme/shop/tags/list?last=1.1&n=2>; rel=\"next\"\r\n",
                r#"{"name":"acme/shop","tags":["1.0","1.1","\u001b[31mred","-x","a b"]}"#,
            ),
            "/v2/acme/shop/tags/list?last=1.1&n=2" => answer(
                200,
                "Link: <http://192.0.2.1/v2/acme/shop/tags/list?last=1.2>; rel=\"next\"\r\n",
                r#"{"name":"acme/shop","tags":["1.2"]}"#,
            ),
            _ => answer(500, "", ""),
        }
    }))
    .await;
    let listed = list(&access(), &image(port)).await.unwrap();
    assert_eq!(names(&listed), ["1.0", "1.1", "1.2"]);
    let asked = heard.lock().unwrap().iter().filter(|it| it.starts_with("GET")).count();
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn a_list_without_an_end_comes_to_one() {
    let count = Arc::new(AtomicUsize::new(0));
    let (port, heard) = serve(plain(move |_| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        let link = format!("Link: </v2/acme/shop/tags/list?last={n}>; rel=next\r\n");
        answer(200, &link, &format!(r#"{{"tags":["t{n}"]}}"#))
    }))
    .await;
    let listed = list(&access(), &image(port)).await.unwrap();
    assert!(!listed.whole && listed.tags.len() == 20, "{}", listed.tags.len());
    assert!(heard.lock().unwrap().len() < 40);
}

#[tokio::test]
async fn a_token_is_had_with_the_login_and_sent_to_the_registry_alone() {
    let (blobs, elsewhere) = serve(|_| answer(200, "", r#"{"created":"2026-11-01T10:00:00Z"}"#)).await;
    let (realm, asked) = serve(|_| answer(200, "", r#"{"token":"a-token","expires_in":60}"#)).await;
    let (port, heard) = serve(plain(move |said| {
        if !said.contains("authorization: Bearer a-token\r\n") {
            let asks = format!(
                "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:{realm}/token\",service=\"it\",scope=\"repository:acme/shop:pull\"\r\n"
            );
            return answer(401, &asks, r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#);
        }
        let path = said.split(' ').nth(1).unwrap();
        let hex = "a".repeat(64);
        if path.contains("/tags/") {
            answer(200, "", r#"{"tags":["1.0"]}"#)
        } else if path.contains("/manifests/") {
            answer(200, "", &format!(r#"{{"config":{{"digest":"sha256:{hex}"}}}}"#))
        } else {
            answer(307, &format!("Location: http://127.0.0.1:{blobs}/blob\r\n"), "")
        }
    }))
    .await;
    let access = with_login();
    let mut listed = list(&access, &image(port)).await.unwrap();
    assert!(date(&access, &image(port), &mut listed.tags, 5, "amd64").await.is_none());
    assert_eq!(listed.tags[0].at.unwrap().rfc3339(), "2026-11-01T10:00:00.000Z");
    let asked = asked.lock().unwrap().join("");
    assert!(asked.contains("GET /token?service=it&scope=repository%3Aacme%2Fshop%3Apull"), "{asked}");
    assert!(asked.contains("authorization: Basic b3BzOmh1c2gtaHVzaA=="), "{asked}");
    // The password went to the realm alone, the token to the registry alone.
    let heard = heard.lock().unwrap().join("");
    assert!(heard.contains("Bearer a-token") && !heard.contains("Basic"), "{heard}");
    let elsewhere = elsewhere.lock().unwrap().join("").to_ascii_lowercase();
    assert!(elsewhere.contains("get /blob") && !elsewhere.contains("authorization"), "{elsewhere}");
}

#[tokio::test]
async fn the_date_is_that_of_the_servers_platform_and_one_that_fails_spoils_no_other() {
    let (port, _) = serve(plain(|said| {
        let path = said.split(' ').nth(1).unwrap();
        let digest = |c: &str| format!("sha256:{}", c.repeat(64));
        let platform = |c: &str, arch: &str| {
            format!(r#"{{"digest":"{}","platform":{{"os":"linux","architecture":"{arch}"}}}}"#, digest(c))
        };
        if path.ends_with("/manifests/two") {
            let (one, two) = (platform("a", "amd64"), platform("b", "arm64"));
            answer(200, "", &format!(r#"{{"manifests":[{one},{two}]}}"#))
        } else if path.ends_with("/manifests/odd") {
            answer(200, "", "<html>")
        } else if path.contains("/manifests/sha256:b") {
            answer(200, "", &format!(r#"{{"config":{{"digest":"{}"}}}}"#, digest("c")))
        } else if path.contains("/blobs/sha256:c") {
            answer(200, "", r#"{"created":"2026-10-01T00:00:00Z"}"#)
        } else if path.contains("/tags/") {
            answer(200, "", r#"{"tags":["odd","two"]}"#)
        } else {
            answer(500, "", "")
        }
    }))
    .await;
    let mut listed = list(&access(), &image(port)).await.unwrap();
    let doubt = date(&access(), &image(port), &mut listed.tags, 5, "arm64").await.unwrap();
    assert_eq!(doubt.to_string(), "the answer makes no sense: line 1, column 1");
    let dates: Vec<_> =
        listed.tags.iter().map(|it| it.at.map(midwatch::domain::time::Timestamp::rfc3339)).collect();
    assert_eq!(dates, [None, Some("2026-10-01T00:00:00.000Z".to_owned())]);
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() {
    let refuses = |status: u16, code: &'static str| {
        serve(plain(move |_| {
            let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{code} \u001b[2Jtold"}}]}}"#);
            answer(status, "WWW-Authenticate: Basic realm=\"it\"\r\n", &body)
        }))
    };
    let (port, _) = refuses(401, "UNAUTHORIZED").await;
    let anonymous = list(&access(), &image(port)).await.unwrap_err();
    assert!(matches!(anonymous, RegistryError::Login { known: false, .. }), "{anonymous}");
    let failure = anonymous.into_failure("list", "localhost");
    assert!(failure.kind == FailureKind::Auth && !failure.to_string().contains('\u{1b}'), "{failure}");
    assert!(failure.to_string().contains("docker login localhost"), "{failure}");
    let wrong = list(&with_login(), &image(port)).await.unwrap_err();
    assert!(matches!(wrong, RegistryError::Login { known: true, .. }), "{wrong}");
    let (port, _) = refuses(404, "NAME_UNKNOWN").await;
    let unknown = list(&access(), &image(port)).await.unwrap_err();
    assert!(matches!(unknown, RegistryError::NoRepository { .. }), "{unknown}");
    let (port, _) = refuses(429, "TOOMANYREQUESTS").await;
    let failure = list(&access(), &image(port)).await.unwrap_err().into_failure("list", "it");
    assert_eq!(failure.kind, FailureKind::RateLimited);
}

#[tokio::test]
async fn one_that_hangs_babbles_or_lies_ends_in_time() {
    let (silent, _) = serve(plain(|_| HOLD.to_vec())).await;
    let begun = Instant::now();
    let failure = list(&access(), &image(silent)).await.unwrap_err().into_failure("list", "it");
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(4));
    let (giant, _) = serve(plain(|_| answer(200, "", &format!("[\"{}\"]", "x".repeat(3 << 20))))).await;
    let error = list(&access(), &image(giant)).await.unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
    let (html, _) = serve(plain(|_| answer(200, "", "<html>\x1b[2J"))).await;
    let error = list(&access(), &image(html)).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer makes no sense: line 1, column 1");
    let (round, _) = serve(plain(|_| answer(302, "Location: /v2/again\r\n", ""))).await;
    let error = list(&access(), &image(round)).await.unwrap_err();
    assert!(error.to_string().contains("redirects more than"), "{error}");
}

#[tokio::test]
async fn a_registry_is_trusted_by_its_certificate_unless_the_engine_says_otherwise() {
    let says = |_: &str| answer(200, "", r#"{"tags":["1.0"]}"#);
    let (ca, secure) = (authority(), || Access { insecure: false, ..with_login() });
    let (port, heard) = https_serve(certificate("localhost", -1, 60, Some(&ca)), says).await;
    let error = list(&secure(), &image(port)).await.unwrap_err();
    assert!(error.to_string().contains("not trusted"), "{error}");
    assert!(heard.lock().unwrap().is_empty(), "something was sent to whom we do not trust");
    let pem = std::fs::read(ca.file.path()).unwrap();
    let trusting = Access { roots: Roots::none().with_pem(&pem), ..secure() };
    assert_eq!(names(&list(&trusting, &image(port)).await.unwrap()), ["1.0"]);
    assert_eq!(
        names(&list(&access(), &image(port)).await.unwrap()),
        ["1.0"],
        "an insecure one may be anybody"
    );
    // Without TLS nothing is sent, unless the engine takes it for an insecure one.
    let (port, heard) = serve(plain(says)).await;
    assert!(list(&secure(), &image(port)).await.is_err());
    assert!(!heard.lock().unwrap().join("").contains("GET"));
    // A password is not sent to a place without TLS because a registry says so.
    let sends = |_: &str| answer(401, "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:9/token\"\r\n", "");
    let (port, _) = https_serve(certificate("localhost", -1, 60, Some(&ca)), sends).await;
    let error = list(&trusting, &image(port)).await.unwrap_err();
    assert!(error.to_string().contains("without TLS"), "{error}");
}

/// A server from which Docker Hub's own API is at one port of this machine, and
/// Docker Hub's registry to another.
struct Elsewhere(u16, u16);

#[async_trait]
impl Transport for Elsewhere {
    async fn exec(&self, command: RemoteCommand) -> Result<Exec, TransportError> {
        Local.exec(command).await
    }
    async fn pipe(&self, command: RemoteCommand) -> Result<Piped, TransportError> {
        Local.pipe(command).await
    }
    async fn unix(&self, path: &str) -> Result<BoxDuplex, TransportError> {
        Local.unix(path).await
    }
    async fn tcp(&self, host: &str, port: u16) -> Result<BoxDuplex, TransportError> {
        assert!(matches!((host, port), ("hub.docker.com" | "registry-1.docker.io", 443)), "{host}:{port}");
        let to = if host == "hub.docker.com" { self.0 } else { self.1 };
        Local.tcp("127.0.0.1", to).await
    }
    fn is_closed(&self) -> bool {
        false
    }
}

/// Docker Hub is asked by its own API, whose description is at
/// <https://docs.docker.com/reference/api/hub/latest/>.
#[tokio::test]
async fn docker_hub_tells_dates_with_the_list() {
    let ca = authority();
    let (port, _) = https_serve(certificate("hub.docker.com", -1, 60, Some(&ca)), |said| {
        assert!(said.starts_with("GET /v2/repositories/library/redis/tags?page_size=100&"), "{said}");
        answer(
            200,
            "",
            r#"{"count":2,"next":null,"results":[
                {"name":"7.2","last_updated":"2026-11-02T00:00:00.5Z","tag_last_pushed":"2026-11-01T00:00:00Z"},
                {"name":"7.0","last_updated":"2026-10-01T00:00:00Z"}]}"#,
        )
    })
    .await;
    let (hidden, _) = https_serve(certificate("hub.docker.com", -1, 60, Some(&ca)), |_| {
        answer(404, "", r#"{"message":"object not found","errinfo":{}}"#)
    })
    .await;
    let (private, heard) = https_serve(certificate("registry-1.docker.io", -1, 60, Some(&ca)), |said| {
        if said.contains("authorization: Basic") {
            return answer(200, "", r#"{"tags":["9"]}"#);
        }
        answer(401, "WWW-Authenticate: Basic realm=\"it\"\r\n", "")
    })
    .await;
    let pem = std::fs::read(ca.file.path()).unwrap();
    let from = |port| Access {
        transport: Arc::new(Elsewhere(port, private)),
        roots: Roots::none().with_pem(&pem),
        insecure: false,
        ..with_login()
    };
    let listed = list(&from(port), &"redis:7".parse().unwrap()).await.unwrap();
    let told: Vec<_> = listed.tags.iter().map(|it| (it.name.as_str(), it.at.unwrap().rfc3339())).collect();
    assert_eq!(
        told,
        [("7.2", "2026-11-01T00:00:00.000Z".to_owned()), ("7.0", "2026-10-01T00:00:00.000Z".to_owned())]
    );
    assert!(listed.whole && heard.lock().unwrap().is_empty());
    // What is private is not shown there: the registry itself takes the login.
    let listed = list(&from(hidden), &"acme/shop:1".parse().unwrap()).await.unwrap();
    assert_eq!(names(&listed), ["9"]);
    assert!(heard.lock().unwrap().join("").contains("GET /v2/acme/shop/tags/list"));
}

#[tokio::test]
async fn a_login_comes_from_the_servers_docker_configuration_and_its_helpers() {
    use midwatch::providers::registry::login::of_server;
    use std::os::unix::fs::PermissionsExt;
    // The helper is a program of the test's own; its answer is that of docker-credential-helpers.
    let home = tempfile::tempdir().unwrap();
    let helper = home.path().join("bin/docker-credential-mine");
    std::fs::create_dir_all(helper.parent().unwrap()).unwrap();
    let script = "#!/bin/sh\nread host\n[ \"$1 $host\" = 'get ghcr.io' ] || { echo none; exit 1; }\n\
                  echo '{\"ServerURL\":\"ghcr.io\",\"Username\":\"ops\",\"Secret\":\"kept\"}'\n";
    std::fs::write(&helper, script).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::create_dir(home.path().join(".docker")).unwrap();
    let config = r#"{"credsStore":"mine","auths":{"other.io":{"auth":"b3BzOndyaXR0ZW4="}}}"#;
    std::fs::write(home.path().join(".docker/config.json"), config).unwrap();
    let at = AtHome(home.path().to_str().unwrap().to_owned());
    let told = async |registry: &str| {
        let login = of_server(&at, registry).await.unwrap()?;
        let Proof::Password(secret) = login.secret else { return None };
        Some(format!("{}/{}", login.user?, secrecy::ExposeSecret::expose_secret(&secret)))
    };
    assert_eq!(told("ghcr.io").await.as_deref(), Some("ops/kept"));
    assert_eq!(
        told("other.io").await.as_deref(),
        Some("ops/written"),
        "what a helper does not know is written"
    );
    assert_eq!(told("third.io").await, None);
}

/// This machine, for a user whose home is elsewhere.
struct AtHome(String);

#[async_trait]
impl Transport for AtHome {
    async fn exec(&self, mut command: RemoteCommand) -> Result<Exec, TransportError> {
        let stdin = command.take_stdin().unwrap_or_default();
        let line = format!("unset DOCKER_CONFIG; HOME={}; export HOME; {}", self.0, command.line());
        Local.exec(RemoteCommand::new("sh").arg("-c").arg(&line).stdin(stdin)).await
    }
    async fn pipe(&self, command: RemoteCommand) -> Result<Piped, TransportError> {
        Local.pipe(command).await
    }
    async fn unix(&self, path: &str) -> Result<BoxDuplex, TransportError> {
        Local.unix(path).await
    }
    async fn tcp(&self, host: &str, port: u16) -> Result<BoxDuplex, TransportError> {
        Local.tcp(host, port).await
    }
    fn is_closed(&self) -> bool {
        false
    }
}

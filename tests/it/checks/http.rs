//! `http` and `tcp` without TLS.

use midwatch::domain::health::Health;

use super::bench::{HOLD, answer, closed_port, fact, one, run, serve, verdict};

#[tokio::test]
async fn a_good_answer_is_judged_by_its_condition() {
    let (port, _) = serve(|_| answer(200, "X-Kind: shop\r\n", r#"{"items":[{"state":"ok"}]}"#)).await;
    let url = format!("url = \"http://127.0.0.1:{port}/healthz\"");
    let good = format!(
        "{url}\ncondition = 'status == 200 && latency < 500ms && json.items[0].state == \"ok\" && header.x-kind == \"shop\"'"
    );
    let result = one("http", &good).await;
    assert_eq!(verdict(&result), "up: ");
    assert!(result.latency.is_some());
    assert!(fact(&result, "security headers missing").contains("X-Content-Type-Options"));
    let bad = one("http", &format!("{url}\ncondition = 'json.items[0].state == \"bad\"'")).await;
    assert_eq!(verdict(&bad), "down: json.items[0].state is \"ok\", not \"bad\"");
    let absent = one("http", &format!("{url}\ncondition = 'json.nothing == 1'")).await;
    assert_eq!(verdict(&absent), "down: json.nothing is not in the answer");
    let required = one("http", &format!("{url}\nsecurity_headers = true")).await;
    assert!(
        verdict(&required).starts_with("down: it lacks X-Content-Type-Options"),
        "{}",
        verdict(&required)
    );
    let degraded = one("http", &format!("{url}\nexpect = 404\nseverity = \"degraded\"")).await;
    assert_eq!(verdict(&degraded), "degraded: it answers 200, not 404");
}

#[tokio::test]
async fn redirects_are_followed_to_their_end_and_no_further() {
    let (other, heard) = serve(|_| answer(200, "", "there")).await;
    let (port, _) = serve(move |said| {
        let to = match said.split(' ').nth(1) {
            Some("/once") => format!("http://127.0.0.1:{other}/there"),
            Some("/odd") => "ftp://127.0.0.1/".to_owned(),
            _ => "/round".to_owned(),
        };
        answer(302, &format!("Location: {to}\r\n"), "")
    })
    .await;
    let headers = "headers = { X-Api-Token = { env = \"HOME\" } }";
    let once = one("http", &format!("url = \"http://127.0.0.1:{port}/once\"\n{headers}")).await;
    assert_eq!(verdict(&once), "up: ");
    assert_eq!(fact(&once, "redirects"), format!("http://127.0.0.1:{other}/there"));
    let heard = heard.lock().unwrap().join("");
    assert!(!heard.to_ascii_lowercase().contains("x-api-token"), "a secret went to another origin: {heard}");
    let round = one("http", &format!("url = \"http://127.0.0.1:{port}/round\"")).await;
    assert_eq!(verdict(&round), "down: it redirects more than 10 times");
    let odd = one("http", &format!("url = \"http://127.0.0.1:{port}/odd\"")).await;
    assert_eq!(verdict(&odd), "down: it redirects to ftp://127.0.0.1/");
    let not = one("http", &format!("url = \"http://127.0.0.1:{port}/once\"\nfollow_redirects = false")).await;
    assert_eq!(verdict(&not), "down: it answers 302, not 2xx");
}

#[tokio::test]
async fn refused_silent_slow_and_garbage_are_down_with_a_reason() {
    let port = closed_port().await;
    let refused = one("http", &format!("url = \"http://127.0.0.1:{port}/\"")).await;
    assert_eq!(verdict(&refused), format!("down: 127.0.0.1:{port} refuses the connection"));

    let (port, _) = serve(|_| HOLD.to_vec()).await;
    let silent = one("http", &format!("url = \"http://127.0.0.1:{port}/\"")).await;
    assert_eq!(verdict(&silent), "down: no answer within 600 ms");

    let (port, _) =
        serve(|_| [&b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"[..], HOLD].concat()).await;
    let slow = one("http", &format!("url = \"http://127.0.0.1:{port}/\"")).await;
    assert_eq!(verdict(&slow), "down: no end of the body within 600 ms");

    let (port, _) = serve(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec()).await;
    let cut = one("http", &format!("url = \"http://127.0.0.1:{port}/\"")).await;
    assert!(verdict(&cut).starts_with("down: the answer broke off"), "{}", verdict(&cut));

    let (port, _) = serve(|_| b"\x1b]0;owned\x07SSH-2.0-nonsense\r\n\r\n".to_vec()).await;
    let garbage = one("http", &format!("url = \"http://127.0.0.1:{port}/\"")).await;
    assert!(verdict(&garbage).starts_with("down: what answers does not speak HTTP"), "{}", verdict(&garbage));
    assert!(!verdict(&garbage).contains('\x1b'));
}

#[tokio::test]
async fn a_huge_body_is_read_no_further_than_it_is_needed() {
    let (port, _) = serve(|_| answer(200, "", &"x".repeat(8 << 20))).await;
    let url = format!("url = \"http://127.0.0.1:{port}/\"");
    assert_eq!(one("http", &url).await.verdict.health, Health::Up);
    let body = one("http", &format!("{url}\ncondition = 'body contains \"needle\"'")).await;
    assert_eq!(verdict(&body), "unknown: body was not read: it is longer than 1048576 bytes");
}

#[tokio::test]
async fn where_we_cannot_look_it_is_unknown_and_says_whose_trouble_it_is() {
    let (port, _) = serve(|_| answer(200, "", "")).await;
    let results = run(&format!(
        "[checks.seen]\nkind = \"tcp\"\naddress = \"127.0.0.1:{port}\"\nfrom = [\"here\", \"box\", \"gone\"]\n"
    ))
    .await;
    assert_eq!(verdict(&results["seen@here"]), "up: ");
    assert_eq!(verdict(&results["seen@box"]), "up: ");
    let gone = &results["seen@gone"];
    assert_eq!(verdict(gone), "unknown: not seen from gone: nothing answers at 192.0.2.1:22");
    assert_eq!(gone.blocked_by, Some("gone".into()));
}

#[tokio::test]
async fn tcp_seen_from_a_server_that_is_refused_is_down() {
    let port = closed_port().await;
    for from in ["here", "box"] {
        let result = one("tcp", &format!("address = \"127.0.0.1:{port}\"\nfrom = \"{from}\"")).await;
        assert_eq!(verdict(&result), format!("down: 127.0.0.1:{port} refuses the connection"), "from {from}");
    }
    let name = one("tcp", "address = \"nothing.invalid:80\"").await;
    assert!(matches!(name.verdict.health, Health::Down | Health::Unknown), "{}", verdict(&name));
}

#[tokio::test]
async fn no_secret_is_shown() {
    let (port, heard) = serve(|_| answer(500, "", "x")).await;
    let result = one("http", &format!("url = \"http://127.0.0.1:{port}/?token=hunter2&page=1\"")).await;
    assert_eq!(result.target, format!("http://127.0.0.1:{port}/?token=***&page=1"));
    assert!(!format!("{result:?}").contains("hunter2"));
    assert!(heard.lock().unwrap().join("").contains("token=hunter2"), "and yet it was sent");
}

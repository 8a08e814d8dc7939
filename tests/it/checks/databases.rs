//! `redis` and `postgres` against what is none; the real ones are in the lab.

use super::bench::{HOLD, closed_port, fact, one, serve, verdict};

async fn redis(info: &'static str) -> u16 {
    let (port, _) = serve(move |said| {
        let mut out = Vec::new();
        for command in said.split('*').skip(1) {
            if command.contains("INFO") && !command.contains("SETINFO") {
                out.extend(format!("${}\r\n{info}\r\n", info.len()).into_bytes());
            } else if command.contains("PING") {
                out.extend(b"+PONG\r\n");
            } else {
                out.extend(b"+OK\r\n");
            }
        }
        out
    })
    .await;
    port
}

#[tokio::test]
async fn redis_is_judged_by_what_it_tells() {
    let port = redis(
        "# Server\r\nredis_version:8.0.2\r\nused_memory:90\r\nmaxmemory:100\r\nconnected_clients:3\r\n\
         maxclients:10000\r\nrole:master\r\nevicted_keys:7\r\nrdb_last_bgsave_status:ok\r\naof_enabled:0\r\n",
    )
    .await;
    let result = one("redis", &format!("host = \"127.0.0.1\"\nport = {port}")).await;
    assert_eq!(verdict(&result), "degraded: memory: 90% used, over 80%");
    assert_eq!((fact(&result, "clients"), fact(&result, "version")), ("3 of 10000", "8.0.2"));
    let limits = format!(
        "host = \"127.0.0.1\"\nport = {port}\ncondition = 'json.connected_clients < 2'\n[checks.it.limits]\nmemory = \"95%\""
    );
    assert_eq!(verdict(&one("redis", &limits).await), "down: json.connected_clients 3 is not < 2");
}

#[tokio::test]
async fn what_is_no_redis_is_down_and_a_wrong_password_unknown() {
    let at = |port: u16| format!("host = \"127.0.0.1\"\nport = {port}");
    let port = closed_port().await;
    assert_eq!(
        verdict(&one("redis", &at(port)).await),
        format!("down: 127.0.0.1:{port} refuses the connection")
    );
    let (port, _) = serve(|_| HOLD.to_vec()).await;
    assert_eq!(verdict(&one("redis", &at(port)).await), "down: no answer within 600 ms");
    let (port, _) = serve(|_| b"SSH-2.0-\x1b[31m\r\n".to_vec()).await;
    assert_eq!(verdict(&one("redis", &at(port)).await), "down: what answers does not speak Redis");
    let (port, _) = serve(|_| b"-NOAUTH Authentication required.\r\n".repeat(3)).await;
    let noauth = one("redis", &at(port)).await;
    assert!(verdict(&noauth).starts_with("unknown: it does not accept us"), "{}", verdict(&noauth));
    let (port, _) = serve(|_| b"-LOADING Redis is loading the dataset in memory\r\n".repeat(3)).await;
    assert_eq!(verdict(&one("redis", &at(port)).await), "down: it is still loading its data");
    let (port, _) = serve(|_| b"$900000000\r\n".iter().copied().chain(vec![b'x'; 8 << 20]).collect()).await;
    let endless = one("redis", &at(port)).await;
    assert!(verdict(&endless).starts_with("down: "), "{}", verdict(&endless));
}

#[tokio::test]
async fn what_is_no_postgres_is_down() {
    let at = |port: u16| format!("host = \"127.0.0.1\"\nport = {port}\nuser = \"u\"");
    let port = closed_port().await;
    assert_eq!(
        verdict(&one("postgres", &at(port)).await),
        format!("down: 127.0.0.1:{port} refuses the connection")
    );
    let (port, _) = serve(|_| HOLD.to_vec()).await;
    assert_eq!(verdict(&one("postgres", &at(port)).await), "down: no answer within 600 ms");
    let (port, _) = serve(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    let garbage = one("postgres", &at(port)).await;
    assert!(verdict(&garbage).starts_with("down: "), "{}", verdict(&garbage));
    let (port, heard) = serve(|_| b"N".to_vec()).await;
    let plain = one("postgres", &format!("{}\ntls = \"require\"", at(port))).await;
    assert!(verdict(&plain).starts_with("down: ") && verdict(&plain).contains("TLS"), "{}", verdict(&plain));
    assert_eq!(heard.lock().unwrap().len(), 1, "something was sent without the encryption that is required");
}

#[tokio::test]
async fn a_database_url_that_cannot_be_read_is_not_repeated() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hunter2 is no url").unwrap();
    let result = one("postgres", &format!("url = {{ file = \"{}\" }}", file.path().display())).await;
    assert!(verdict(&result).starts_with("unknown: "), "{}", verdict(&result));
    assert!(!format!("{result:?}").contains("hunter2"));
}

//! `command`, `prometheus`, `dns`, `unit` and `container` on the loopback.

use std::net::Ipv4Addr;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::bench::{HOLD, answer, fact, one, run, serve, verdict};

#[tokio::test]
async fn a_command_is_judged_by_its_exit_and_output() {
    let command = |rest: &str| format!("server = \"box\"\n{rest}");
    let good =
        one("command", &command("command = [\"echo\", \"all's well\"]\nexpect_output = \"well\"")).await;
    assert_eq!(verdict(&good), "up: ");
    let bad = one("command", &command("command = [\"sh\", \"-c\", \"echo no >&2; exit 3\"]")).await;
    assert_eq!(verdict(&bad), "down: it exits with 3, not 0: no");
    let json =
        one("command", &command("command = [\"echo\", '{\"queue\": 12}']\ncondition = 'json.queue < 10'"))
            .await;
    assert_eq!(verdict(&json), "down: json.queue 12 is not < 10");
    let slow = one("command", &command("command = [\"sleep\", \"5\"]")).await;
    assert_eq!(verdict(&slow), "down: it did not end within 600 ms");
    let masked = one("command", &command("command = [\"echo\", \"--token=hunter2\"]")).await;
    assert_eq!(masked.target, "echo --token=***");
}

fn source(port: u16, rest: &str) -> String {
    format!(
        "[prometheus.it]\nurl = \"http://127.0.0.1:{port}\"\n[checks.it]\nkind = \"prometheus\"\nsource = \"it\"\n\
         interval = \"1s\"\ndeadline = \"600ms\"\n{rest}\n"
    )
}

#[tokio::test]
async fn a_prometheus_that_cannot_be_asked_leaves_the_check_unknown() {
    let rest = "expression = \"up\"\ncondition = \"value == 1\"";
    let body = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"instance":"a"},"value":[1,"0"]}]}}"#;
    let (port, heard) = serve(move |_| answer(200, "", body)).await;
    let down = run(&source(port, rest)).await.remove("it").unwrap();
    assert_eq!(verdict(&down), "down: value is 0, not 1");
    assert!(heard.lock().unwrap()[0].starts_with("GET /api/v1/query?query=up&timeout="));
    let (port, _) =
        serve(|_| answer(400, "", r#"{"status":"error","error":"parse error: unexpected end"}"#)).await;
    let bad = run(&source(port, rest)).await.remove("it").unwrap();
    assert_eq!(verdict(&bad), "unknown: parse error: unexpected end");
    let (port, _) = serve(|_| HOLD.to_vec()).await;
    let silent = run(&source(port, rest)).await.remove("it").unwrap();
    assert_eq!(verdict(&silent), "unknown: no answer within 600 ms");
    let (port, _) = serve(|_| answer(200, "", "<html>")).await;
    let garbage = run(&source(port, rest)).await.remove("it").unwrap();
    assert_eq!(verdict(&garbage), "unknown: what answers is not a Prometheus");
}

/// A resolver for `shop.example` by UDP and TCP on the same port.
async fn resolver() -> u16 {
    fn reply(question: &[u8]) -> Vec<u8> {
        let asked = Message::from_vec(question).unwrap();
        let query = asked.queries[0].clone();
        let mut answer = asked.into_response();
        if query.name().to_ascii() == "shop.example." {
            answer.add_answer(Record::from_rdata(
                query.name().clone(),
                60,
                RData::A(Ipv4Addr::new(192, 0, 2, 7).into()),
            ));
        } else {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        answer.to_vec().unwrap()
    }
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(at).await.unwrap();
    tokio::spawn(async move {
        let mut buf = [0; 1500];
        while let Ok((n, from)) = udp.recv_from(&mut buf).await {
            let _ = udp.send_to(&reply(&buf[..n]), from).await;
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let length = stream.read_u16().await.unwrap();
            let mut question = vec![0; usize::from(length)];
            stream.read_exact(&mut question).await.unwrap();
            let answer = reply(&question);
            stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    at.port()
}

#[tokio::test]
async fn names_are_resolved_from_here_and_from_a_server() {
    let port = resolver().await;
    for from in ["here", "box"] {
        let ask = |name: &str, rest: &str| {
            format!("name = \"{name}\"\nresolver = \"127.0.0.1:{port}\"\nfrom = \"{from}\"\n{rest}")
        };
        let good = one("dns", &ask("shop.example", "expect = \"192.0.2.7\"")).await;
        assert_eq!(verdict(&good), "up: ", "from {from}");
        assert_eq!(fact(&good, "answers"), "192.0.2.7");
        let other = one("dns", &ask("shop.example", "expect = \"192.0.2.8\"")).await;
        assert_eq!(verdict(&other), "down: the answer is 192.0.2.7, without 192.0.2.8", "from {from}");
        let none = one("dns", &ask("nothing.example", "")).await;
        assert_eq!(verdict(&none), "down: nothing.example does not exist", "from {from}");
    }
}

#[tokio::test]
async fn a_resolver_that_is_silent_is_down_by_name() {
    let (port, _) = serve(|_| HOLD.to_vec()).await;
    let result =
        one("dns", &format!("name = \"shop.example\"\nresolver = \"127.0.0.1:{port}\"\nfrom = \"box\""))
            .await;
    assert_eq!(verdict(&result), "down: no answer within 600 ms");
}

//! Telling others of a run. The receivers here are fakes that answer as Slack's and Discord's
//! descriptions of their webhooks say (a 2xx is taken, else not), and as RFC 5321 has a mail server speak.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch::config::{NotifyConfig, Options, parse};
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::plan::{FORMAT, FrozenPlan, Operation, Plan, PlanDigest};
use midwatch::domain::run::{News, Operator, Outcome, RunEnd, RunId, RunNews};
use midwatch::domain::setup::Guard;
use midwatch::engine::{Notifying, Tell};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::checks::bench::{HOLD, Heard, answer, clock, closed_port, now, serve};
use crate::checks::tls::{acceptor, authority, certificate, https};

/// Who looks at the run itself.
#[derive(Default)]
struct Looker(Mutex<Vec<News>>);

#[async_trait]
impl Tell for Looker {
    async fn tell(&self, news: RunNews) {
        self.0.lock().unwrap().push(news.what);
    }
}

impl Looker {
    /// Who was not told, and why.
    fn untold(&self) -> Vec<String> {
        let all = self.0.lock().unwrap();
        let of = |news: &News| match news {
            News::Untold(name, failure) => Some(format!("{name}: {failure}")),
            _ => None,
        };
        all.iter().filter_map(of).collect()
    }
}

fn plan() -> FrozenPlan {
    FrozenPlan::freeze(Plan {
        format: FORMAT,
        operation: Operation::Deploy,
        app: "shop".into(),
        environment: Some("production".into()),
        guard: Guard::Confirm,
        title: "deploy <!channel> @everyone & *shop*".to_owned(),
        as_of: now(),
        reason: None,
        places: std::collections::BTreeMap::new(),
        changes: Vec::new(),
        findings: Vec::new(),
        interrupts: Vec::new(),
        leaves: None,
        stages: Vec::new(),
        undo: Vec::new(),
        undone_by: String::new(),
    })
    .unwrap()
}

fn config(text: &str) -> std::collections::BTreeMap<String, NotifyConfig> {
    let text =
        format!("[environments.production]\n[environments.staging]\n[apps.blog]\n[notify.ops]\n{text}\n");
    match parse(&text, "test", Options::default()) {
        Ok(loaded) => loaded.config.notify,
        Err(error) => panic!("{}\n{text}", error.report().map(|it| it.render(false)).unwrap_or_default()),
    }
}

/// How a run went for who was to be told.
struct Went {
    looker: Arc<Looker>,
    /// How long the run was held up, and how long its end.
    held: Duration,
    finish: Duration,
}

/// A run that fails and is put back, or goes well.
async fn run(config_text: &str, well: bool) -> Went {
    let looker = Arc::new(Looker::default());
    let by = Operator { user: "ann".to_owned(), machine: "laptop".to_owned() };
    let inner: Arc<dyn Tell> = Arc::<Looker>::clone(&looker);
    let told = Notifying::over(inner, &config(config_text), &plan(), &by, &clock());
    let id = RunId::new(now(), &PlanDigest::of(b"it"));
    let tell = async |what| told.tell(RunNews { run: id.clone(), at: now(), what }).await;
    let because = Failure::new(FailureKind::Invalid, "start web", "password=hunter2 \u{1b}[2J it crashed");
    let end = RunEnd {
        outcome: if well { Outcome::Done } else { Outcome::Failed },
        because: (!well).then_some(because),
        stands: vec![("web-1".into(), "release 2".to_owned())],
        took: Duration::from_secs(3),
    };
    let begun = Instant::now();
    if config_text.contains("waiting") {
        tell(News::Waits(Duration::from_secs(600))).await;
    }
    tell(News::Begun).await;
    if !well {
        tell(News::Undoing("it crashed".to_owned())).await;
    }
    tell(News::Ended(end)).await;
    let held = begun.elapsed();
    told.finish().await;
    assert!(held < Duration::from_millis(100), "the run was held up for {held:?}");
    let finish = begun.elapsed() - held;
    assert!(finish < Duration::from_millis(5900), "its end took {finish:?}");
    Went { looker, held, finish }
}

fn bodies(heard: &Heard) -> Vec<Value> {
    let heard = heard.lock().unwrap();
    heard.iter().map(|it| serde_json::from_str(it.split("\r\n\r\n").nth(1).unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn each_gets_what_it_understands_and_no_secret() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "s3cret-token\n").unwrap();
    let well = || answer(204, "", "");
    for kind in ["slack", "discord", "webhook"] {
        let (port, heard) = serve(move |_| well()).await;
        let more = match kind {
            "webhook" => format!("token = {{ file = \"{}\" }}", token.path().display()),
            _ => String::new(),
        };
        let text = format!("kind = \"{kind}\"\nurl = \"http://127.0.0.1:{port}/hooks/T0-s3cret\"\n{more}");
        let went = run(&text, false).await;
        assert!(went.looker.untold().is_empty(), "{kind}: {:?}", went.looker.untold());
        assert!(went.finish < Duration::from_secs(3) && went.held < Duration::from_secs(1));
        let raw = heard.lock().unwrap().join("\n");
        assert!(raw.starts_with("POST /hooks/T0-s3cret "), "{raw}");
        let bodies = bodies(&heard);
        assert_eq!(bodies.len(), 2, "{kind}: the begin and the end");
        let told = format!("{} {}", bodies[0], bodies[1]);
        for secret in ["hunter2", "s3cret", "\u{1b}", "\\u001b"] {
            assert!(!told.contains(secret), "{kind}: {told}");
        }
        let last = &bodies[1];
        match kind {
            // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
            "slack" => {
                let text = last["text"].as_str().unwrap();
                assert_eq!(
                    text,
                    "shop (production): rolled back: deploy &lt;!channel&gt; @everyone &amp; *shop*"
                );
                assert_eq!(last["blocks"][0]["type"], "section");
                assert!(
                    last["blocks"][1]["elements"][0]["text"].as_str().unwrap().contains("web-1: release 2")
                );
            }
            // https://docs.discord.com/developers/resources/webhook#execute-webhook
            "discord" => {
                assert!(last["content"].as_str().unwrap().contains("\\<!channel\\>"));
                assert_eq!(last["allowed_mentions"]["parse"].as_array().unwrap().len(), 0);
                assert!(last["embeds"][0]["description"].as_str().unwrap().contains("it crashed"));
            }
            _ => {
                assert!(raw.to_lowercase().contains("authorization: bearer s3cret-token"), "{raw}");
                let first = &bodies[0];
                assert_eq!((&first["event"], &first["outcome"]), (&"started".into(), &Value::Null));
                assert_eq!((&last["event"], &last["outcome"]), (&"rolled-back".into(), &"failed".into()));
                assert_eq!((&last["app"], &last["environment"]), (&"shop".into(), &"production".into()));
                assert_eq!((&last["operation"], &last["by"]), (&"deploy".into(), &"ann@laptop".into()));
                assert_eq!(last["servers"]["web-1"], "release 2");
                assert!(last["reason"].as_str().unwrap().contains("it crashed"));
                assert!(last["run"].is_string() && last["at"].as_str().unwrap().ends_with('Z'));
            }
        }
    }
}

#[tokio::test]
async fn only_who_wants_to_is_told() {
    let (port, heard) = serve(|_| answer(200, "", "ok")).await;
    let text = |more: &str| format!("kind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n{more}");
    for not in [
        "apps = [\"blog\"]",
        "environments = [\"staging\"]",
        "operations = [\"restart\"]",
        "events = [\"failed\"]",
    ] {
        run(&text(not), true).await;
        assert!(heard.lock().unwrap().is_empty(), "{not}");
    }
    run(&text("events = [\"done\"]\nenvironments = [\"production\"]"), true).await;
    assert_eq!(bodies(&heard)[0]["event"], "done");
    run(&text("events = [\"waiting\"]"), true).await;
    let bodies = bodies(&heard);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[1]["event"], "waiting");
    let asks = bodies[1]["reason"].as_str().unwrap();
    assert!(asks.contains("10 min") && asks.contains("midwatch approve 20"), "{asks}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_a_refusal_is_not() {
    let tries = AtomicUsize::new(0);
    let (port, heard) =
        serve(move |_| answer(if tries.fetch_add(1, Ordering::Relaxed) == 0 { 500 } else { 200 }, "", ""))
            .await;
    let text =
        |port: u16| format!("kind = \"slack\"\nurl = \"http://127.0.0.1:{port}/\"\nevents = [\"done\"]");
    let went = run(&text(port), true).await;
    assert!(went.looker.untold().is_empty(), "{:?}", went.looker.untold());
    assert_eq!(heard.lock().unwrap().len(), 2);
    let (port, heard) = serve(|_| answer(403, "", "invalid_token")).await;
    let went = run(&text(port), true).await;
    assert_eq!(went.looker.untold(), ["ops: cannot tell ops (slack): it answers 403: invalid_token"]);
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn one_that_is_down_or_silent_is_named_and_holds_nothing_up() {
    let port = closed_port().await;
    let text = |port: u16| {
        format!("kind = \"slack\"\nurl = \"http://127.0.0.1:{port}/T0-s3cret\"\nevents = [\"done\"]")
    };
    let went = run(&text(port), true).await;
    let untold = went.looker.untold();
    assert!(
        untold.len() == 1 && untold[0].contains("refused") && !untold[0].contains("s3cret"),
        "{untold:?}"
    );
    let (port, _) = serve(|_| HOLD.to_vec()).await;
    let went = run(&text(port), true).await;
    assert_eq!(went.looker.untold(), ["ops: cannot tell ops: no answer within 5 s after the run"]);
    assert!(went.finish >= Duration::from_secs(4), "{:?}", went.finish);
    // A secret that is not there.
    let went =
        run("kind = \"slack\"\nurl = { env = \"MIDWATCH_NO_SUCH_VARIABLE\" }\nevents = [\"done\"]", true)
            .await;
    let untold = went.looker.untold();
    assert!(untold.len() == 1 && untold[0].contains("is not set"), "{untold:?}");
}

#[tokio::test]
async fn nothing_is_sent_to_whom_we_do_not_trust() {
    let ca = authority();
    let (port, heard) = https(certificate("localhost", -1, 60, Some(&ca))).await;
    let text = format!("kind = \"webhook\"\nurl = \"https://localhost:{port}/\"\nevents = [\"done\"]");
    let went = run(&text, true).await;
    assert_eq!(went.looker.untold().len(), 1, "{:?}", went.looker.untold());
    assert!(heard.lock().unwrap().is_empty());
    let went = run(&format!("{text}\nca = \"{}\"", ca.file.path().display()), true).await;
    assert!(went.looker.untold().is_empty(), "{:?}", went.looker.untold());
    assert!(!heard.lock().unwrap().is_empty());
}

/// A mail server: greets, offers STARTTLS where it has a certificate, then a login, and takes one
/// message at a time (RFC 5321, RFC 3207, RFC 4954).
async fn mail_server(tls: Option<tokio_rustls::TlsAcceptor>) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, log) = (tls.clone(), Arc::clone(&log));
            tokio::spawn(async move {
                let stream = dialog(stream, true, tls.is_some(), &log).await;
                if let (Some(stream), Some(tls)) = (stream, tls)
                    && let Ok(stream) = tls.accept(stream).await
                {
                    dialog(stream, false, false, &log).await;
                }
            });
        }
    });
    (port, heard)
}

/// Speaks until the end, or gives the stream back where TLS begins on it.
async fn dialog<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    greet: bool,
    offer: bool,
    log: &Heard,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greet {
        stream.write_all(b"220 it.example ESMTP\r\n").await.ok()?;
    }
    let mut data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        log.lock().unwrap().push(line.clone());
        let said = match line.trim_end().split(' ').next().unwrap_or_default() {
            "." if data => {
                data = false;
                "250 taken\r\n"
            }
            _ if data => continue,
            "EHLO" if offer => "250-it.example\r\n250 STARTTLS\r\n",
            "EHLO" if greet => "250 it.example\r\n",
            "EHLO" => "250-it.example\r\n250 AUTH PLAIN LOGIN\r\n",
            "STARTTLS" => {
                stream.write_all(b"220 go\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" => "235 well\r\n",
            "DATA" => {
                data = true;
                "354 go\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 well\r\n",
        };
        stream.write_all(said.as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
    }
}

#[tokio::test]
async fn mail_goes_out_after_tls_and_a_login_and_not_without() {
    let ca = authority();
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "hush-hush\n").unwrap();
    let text = |port: u16, more: &str| {
        format!(
            "kind = \"smtp\"\nhost = \"localhost\"\nport = {port}\nuser = \"midwatch\"\n\
             password = {{ file = \"{}\" }}\nfrom = \"midwatch <m@acme.example>\"\n\
             to = [\"ops@acme.example\", \"boss@acme.example\"]\nevents = [\"rolled-back\"]\n{more}",
            password.path().display()
        )
    };
    let trust = format!("ca = \"{}\"", ca.file.path().display());
    let (port, heard) = mail_server(Some(acceptor(certificate("localhost", -1, 60, Some(&ca))))).await;
    let went = run(&text(port, &trust), false).await;
    assert!(went.looker.untold().is_empty(), "{:?}", went.looker.untold());
    let said = heard.lock().unwrap().join("");
    let (before, after) = said.split_once("STARTTLS").unwrap();
    assert!(!before.contains("AUTH") && after.contains("AUTH PLAIN"), "{said}");
    assert!(after.contains("RCPT TO:<boss@acme.example>"), "{said}");
    assert!(after.contains("Subject: midwatch: shop (production): rolled back"), "{said}");
    assert!(after.contains("web-1: release 2") && !after.contains("hunter2"), "{said}");
    // A certificate that nobody signed, and a server that offers no TLS.
    heard.lock().unwrap().clear();
    let went = run(&text(port, ""), false).await;
    assert_eq!(went.looker.untold().len(), 1);
    let (plain, said) = mail_server(None).await;
    let went = run(&text(plain, &trust), false).await;
    assert_eq!(went.looker.untold().len(), 1);
    let all = format!("{}{}", heard.lock().unwrap().join(""), said.lock().unwrap().join(""));
    assert!(all.contains("EHLO") && !all.contains("AUTH") && !all.contains("MAIL"), "{all}");
    // Nobody there.
    let went = run(&text(closed_port().await, &trust), false).await;
    assert!(went.looker.untold()[0].contains("refused"), "{:?}", went.looker.untold());
}

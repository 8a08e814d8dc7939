//! An app in maintenance: its visitors are told so by its own proxy, through the file that otherwise says
//! where requests go. What stood in that file is kept in it, behind a mark on each line.
//!
//! The file, where an app is in maintenance: [`HEAD`] and who, since when and why, as JSON; what stood
//! there, each line behind [`KEPT`], with [`OPEN_END`] after it where its last line had no end; then what
//! the proxy is told meanwhile. Not here: how the file comes to a server.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ids::AppId;
use super::proxy::{Proxy, ProxyKind};
use super::text::clean;
use super::time::Timestamp;

/// What the first line of the file begins with while its app is in maintenance.
pub const HEAD: &str = "#! midwatch maintenance ";
/// What stands before each line that is kept.
pub const KEPT: &str = "#= ";
/// What follows them where the last of them had no line end.
pub const OPEN_END: &str = "#=.";

/// The most characters of a message to visitors: a parameter of nginx's has room for 4096 bytes.
pub const LONGEST: usize = 400;

/// What visitors are told where nobody wrote anything else.
const USUAL: &str = "This site is being worked on, and will be back soon.";

/// What visitors are told, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The sentence on the page; the usual one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// After how many seconds they may come again: `Retry-After` (RFC 9110, 10.2.3). 0 where the proxy cannot
    /// say it.
    pub retry_after: u64,
    /// Why, for the operators; visitors are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How an app in maintenance is marked in its proxy's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Since when, by the clock of the console that did it; RFC 3339 in the file.
    #[serde(serialize_with = "write_stamp", deserialize_with = "read_stamp")]
    pub since: Timestamp,
    /// Who did it: user and machine.
    pub by: String,
    /// The run that did it.
    pub run: String,
    /// What visitors are told.
    #[serde(flatten)]
    pub notice: Notice,
}

/// Which of a server's apps are in maintenance, of those whose proxy's file is known; or why that file cannot
/// be read.
pub type Told = Vec<(AppId, Result<Option<Mark>, String>)>;

/// The file of an app in maintenance, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shut {
    /// Who did it, and when.
    pub mark: Mark,
    /// What stood there before, and stands there again afterwards.
    pub kept: String,
    /// What the proxy is told meanwhile.
    pub body: String,
}

impl Notice {
    /// The page that visitors get. Nothing in it means anything to the proxies: neither quotes nor what
    /// they replace (`$name` in nginx, `{name}` in Caddy) come through.
    pub fn page(&self) -> String {
        let message = self.message.as_deref().map_or_else(|| USUAL.to_owned(), |it| clean(it).into_owned());
        format!(
            "<!doctype html><meta charset=utf-8><meta name=robots content=noindex><title>Maintenance</title>\
             <body style=margin:3em;font-family:sans-serif><h1>Maintenance</h1><p>{}</p>",
            harmless(message.trim())
        )
    }

    /// What the proxy is told in the place of where requests go. `port` is nginx's own, of the address
    /// [`ALONE`].
    pub fn body(&self, proxy: &Proxy, port: u16) -> String {
        let (page, seconds, name) = (self.page(), self.retry_after, &proxy.upstream);
        let told = "# In maintenance, by midwatch; what stood here is kept above.\n";
        match proxy.kind {
            // `reverse_proxy` needs something that answers: the admin endpoint does, always, and is asked
            // for nothing that it has.
            ProxyKind::Caddy => format!(
                "{told}to {admin}\nmethod GET\nrewrite /midwatch-maintenance?\n\
                 header_up Host {{upstream_hostport}}\nhandle_response {{\n\
                 \theader Retry-After {seconds}\n\theader Cache-Control no-store\n\
                 \theader Content-Type \"text/html; charset=utf-8\"\n\trespond \"{page}\" 503\n}}\n",
                admin = proxy.admin
            ),
            ProxyKind::Nginx => format!(
                "{told}upstream {name} {{\n    server {ALONE}:{port};\n}}\nserver {{\n    listen {ALONE}:{port};\n\
                 \x20   access_log off;\n    default_type \"text/html; charset=utf-8\";\n\
                 \x20   add_header Retry-After {seconds} always;\n    add_header Cache-Control no-store always;\n\
                 \x20   return 503 \"{page}\";\n}}\n"
            ),
            // Its file can hold no answer of its own, but a service without servers, of which its own
            // questions and answers say that it gives a 503 (`servers: {}`, as they write it).
            ProxyKind::Traefik => {
                format!("{told}http:\n  services:\n    {name}:\n      loadBalancer:\n        servers: {{}}\n")
            }
        }
    }
}

/// What Traefik answers by itself with a 503 where a service has no servers: its version 3, and its version 2.
pub const OWN_WORDS: [&str; 2] = ["no available server", "Service Unavailable"];

/// What of a body goes on answering while it is taken out: what nginx began before it read its file again
/// asks there for a moment more. Nothing where nothing has to.
pub fn lingering(body: &str) -> &str {
    body.find("server {\n").and_then(|at| body.get(at..)).unwrap_or_default()
}

/// The loopback address on which nginx answers itself: not 127.0.0.1, which others listen on.
pub const ALONE: &str = "127.77.87.1";

impl Mark {
    /// The file's first line.
    pub fn line(&self) -> String {
        // It holds strings and numbers only.
        HEAD.to_owned() + &one_brace(&serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads a file's first line; `None` where it is no such line, or none that can be read.
    pub fn read(line: &str) -> Option<Self> {
        let mark: Self = serde_json::from_str(line.strip_prefix(HEAD)?).ok()?;
        let shown = |text: String| clean(&text).chars().take(LONGEST).collect::<String>();
        let Notice { message, retry_after, reason } = mark.notice;
        let notice = Notice { message: message.map(shown), retry_after, reason: reason.map(shown) };
        Some(Self { by: shown(mark.by), run: shown(mark.run), notice, ..mark })
    }

    /// `since … by …: why`, for the reader.
    pub fn says(&self) -> String {
        let why = self.notice.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("since {} by {}{why}", short(self.since), self.by)
    }
}

/// The same JSON without two braces in a row, which only strings in it can have: Traefik takes its files for
/// templates, comments too.
pub fn one_brace(json: &str) -> String {
    json.replace("{{", "{\\u007b")
}

/// A time to the minute, in UTC.
fn short(at: Timestamp) -> String {
    let text = at.rfc3339();
    match text.get(..16) {
        Some(minute) => minute.replace('T', " ") + "Z",
        None => text,
    }
}

/// Takes a file apart; `None` where its app is not in maintenance, an error where its first line says that
/// it is and cannot be read.
pub fn taken_apart(text: &str) -> Result<Option<Shut>, String> {
    let first = text.lines().next().unwrap_or_default();
    if !first.starts_with(HEAD) {
        return Ok(None);
    }
    let mark = Mark::read(first).ok_or("its app is in maintenance, and by whom cannot be read")?;
    let (mut kept, mut body) = (String::new(), String::new());
    for line in text.split_inclusive('\n').skip(1) {
        if let Some(line) = line.strip_prefix(KEPT) {
            kept.push_str(line);
        } else if line.trim_end() == OPEN_END {
            kept.truncate(kept.trim_end_matches('\n').len());
        } else {
            body.push_str(line);
        }
    }
    Ok(Some(Shut { mark, kept, body }))
}

/// A text in HTML, with what means something to a shell of a proxy by its number.
fn harmless(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '{' | '}' | '$' | '\\' | '`' => {
                out.push_str("&#");
                out.push_str(&u32::from(c).to_string());
                out.push(';');
            }
            c => out.push(c),
        }
        out
    })
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn write_stamp<S: Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&at.rfc3339())
}

fn read_stamp<'de, D: Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(d)?;
    Timestamp::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("this is no RFC 3339 time"))
}

/// How long visitors are asked to wait where nobody said: two minutes.
pub const RETRY_AFTER: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        Mark {
            since: Timestamp::parse_rfc3339("2026-11-21T19:30:00.500Z").unwrap(),
            by: "ada@laptop".into(),
            run: "20261121-ab".into(),
            notice: Notice {
                message: None,
                retry_after: 120,
                reason: Some("a \"run\":\"x\" of it\n".into()),
            },
        }
    }

    #[test]
    fn a_mark_reads_back_on_one_line() {
        let line = mark().line();
        assert!(!line.contains('\n') && line.contains("\"run\":\"20261121-ab\""), "{line}");
        assert!(!line.contains("\"run\":\"x\""), "what somebody wrote cannot be taken for the run: {line}");
        let read = Mark::read(&line).unwrap();
        assert_eq!(
            (read.since, read.by.as_str(), read.notice.retry_after),
            (mark().since, "ada@laptop", 120)
        );
        assert_eq!(read.says(), "since 2026-11-21 19:30Z by ada@laptop: a \"run\":\"x\" of it␊");
        assert_eq!(Mark::read("#! midwatch maintenance {"), None);
        let notice = Notice { reason: Some("of {{{ .Env }}}".into()), ..Notice::default() };
        let line = Mark { notice, ..mark() }.line();
        assert!(!line.contains("{{"), "it means nothing in a template: {line}");
        assert_eq!(Mark::read(&line).unwrap().notice.reason.as_deref(), Some("of {{{ .Env }}}"));
    }

    #[test]
    fn a_message_means_nothing_to_a_proxy() {
        let message = Some("<b>\"{env.HOME}\" costs 5 $x \\ `id` ünd 'so'".to_owned());
        let page = Notice { message, ..Notice::default() }.page();
        let (_, said) = page.split_once("<p>").unwrap();
        let (said, _) = said.split_once("</p>").unwrap();
        assert!(said.contains("costs 5 &#36;x") && said.contains("ünd"), "{said}");
        for c in ['"', '\'', '{', '}', '$', '\\', '`', '<', '\n'] {
            assert!(!said.contains(c), "{said}");
            assert!(c == '<' || !page.contains(c), "{page}");
        }
    }

    #[test]
    fn what_lingers_is_nginx_own_server_alone() {
        let proxy = |kind: &str| -> Proxy {
            serde_json::from_str(&format!(
                r#"{{"kind":"{kind}","service":"web","port":80,"ports":null,"file":"/f","upstream":"shop","test":[],
                "reload":[],"drain":{{"secs":1,"nanos":0}},"log":null}}"#
            ))
            .unwrap()
        };
        let notice = Notice { retry_after: 9, ..Notice::default() };
        let body = notice.body(&proxy("nginx"), 4242);
        let lingers = lingering(&body);
        assert!(
            lingers.starts_with("server {\n    listen 127.77.87.1:4242;") && !lingers.contains("upstream")
        );
        assert!(
            body.contains("upstream shop {\n    server 127.77.87.1:4242;")
                && body.contains("Retry-After 9 always;")
        );
        let body = notice.body(&proxy("caddy"), 4242);
        assert!(
            body.contains("\nto localhost:2019\n") && body.contains("\theader Retry-After 9\n"),
            "{body}"
        );
        assert_eq!(lingering(&body), "");
        let body = notice.body(&proxy("traefik"), 1);
        assert!(body.ends_with("\n    shop:\n      loadBalancer:\n        servers: {}\n"), "{body}");
        assert_eq!(lingering(&body), "");
    }

    #[test]
    fn a_file_is_taken_apart_to_the_byte() {
        assert_eq!(taken_apart("to a:1\n"), Ok(None));
        let head = mark().line();
        let shut = taken_apart(&format!("{head}\n#= a\n#= \n#= b \nto x\n")).unwrap().unwrap();
        assert_eq!((shut.kept.as_str(), shut.body.as_str()), ("a\n\nb \n", "to x\n"));
        let open = taken_apart(&format!("{head}\n#= a\n#= b\n#=.\nto x\n")).unwrap().unwrap();
        assert_eq!((open.kept.as_str(), open.body.as_str()), ("a\nb", "to x\n"));
        assert!(taken_apart("#! midwatch maintenance ?\nto x\n").is_err());
    }
}

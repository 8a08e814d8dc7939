//! `dns`: a question, and the answers that come. From here it is asked by UDP, then TCP; from a
//! server by TCP over its connection (RFC 7766), to the resolver that is named or else to the first in
//! its `/etc/resolv.conf`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::attempt::Attempt;
use super::look::Look;
use super::reach::{Miss, Reach, reason};
use super::seen::{Seen, Text};
use crate::config::checks::DnsCheck;
use crate::config::checks::dns::Record;
use crate::domain::health::Health;
use crate::domain::ids::ServerId;
use crate::http::limits::Deadline;
use crate::transports::{BoxDuplex, RemoteCommand, Transport};

/// The most that is read of a server's `/etc/resolv.conf`, in bytes.
const RESOLV_CONF: usize = 16 * 1024;

/// Asks, and compares.
pub async fn attempt(check: &DnsCheck, look: &Look<'_>) -> Attempt {
    let deadline = look.deadline();
    let Ok(name) = Name::from_utf8(&check.name) else {
        return Attempt::unknown(format!("{:?} is not a name", check.name));
    };
    let question = Question { name, kind: kind(check.record), within: look.within, deadline };
    match ask(look.reach, check.resolver, question).await {
        Ok(answers) => judge(check, answers, deadline.elapsed()),
        Err(miss) => miss.into(),
    }
}

fn judge(check: &DnsCheck, mut answers: Vec<String>, latency: Duration) -> Attempt {
    answers.sort();
    let mut attempt = Attempt::answered(latency);
    attempt.fact("answers", answers.join(", "));
    let missing: Vec<&str> = check
        .expect
        .iter()
        .map(String::as_str)
        .filter(|want| !answers.iter().any(|is| same(is, want)))
        .collect();
    if answers.is_empty() {
        attempt.find(Health::Down, format!("{} has no {} record", check.name, check.record.word()));
    } else if !missing.is_empty() {
        attempt.find(
            Health::Down,
            format!("the answer is {}, without {}", answers.join(", "), missing.join(", ")),
        );
    }
    let text = Text { text: answers.join("\n").into(), truncated: false };
    let seen = Seen { latency: Some(latency), text: Some(text), is_output: true, ..Seen::default() };
    attempt.judge(check.condition.as_ref(), &seen);
    attempt
}

const fn kind(record: Record) -> RecordType {
    match record {
        Record::A => RecordType::A,
        Record::Aaaa => RecordType::AAAA,
        Record::Cname => RecordType::CNAME,
        Record::Mx => RecordType::MX,
        Record::Txt => RecordType::TXT,
        Record::Ns => RecordType::NS,
        Record::Srv => RecordType::SRV,
        Record::Caa => RecordType::CAA,
    }
}

/// Names are the same in any case and with or without their last dot.
fn same(a: &str, b: &str) -> bool {
    a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.'))
}

fn text(data: &RData) -> String {
    match data {
        RData::TXT(parts) => parts.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        other => other.to_string(),
    }
}

/// What is asked, and until when.
struct Question {
    name: Name,
    kind: RecordType,
    within: Duration,
    deadline: Deadline,
}

async fn ask(reach: &Reach, resolver: Option<SocketAddr>, question: Question) -> Result<Vec<String>, Miss> {
    match (reach, resolver) {
        (Reach::Here, resolver) => ask_here(resolver, question).await,
        (Reach::Server(..), Some(resolver)) => ask_through(reach, resolver, question).await,
        (Reach::Server(server, transport), None) => {
            let resolver = resolver_of(server, transport, &question).await?;
            ask_through(reach, resolver, question).await
        }
    }
}

/// The first resolver that a server's own programs ask (resolv.conf(5)).
async fn resolver_of(
    server: &ServerId,
    transport: &Arc<dyn Transport>,
    question: &Question,
) -> Result<SocketAddr, Miss> {
    let command = RemoteCommand::new("cat").arg("/etc/resolv.conf");
    let read = transport.run(command, question.deadline.left(), RESOLV_CONF).await;
    let output = read.map_err(|error| Miss::Server(server.clone(), reason(error)))?;
    first_nameserver(&output.text()).ok_or_else(|| {
        Miss::Look(format!("/etc/resolv.conf of {server} names no resolver; give one as `resolver`"))
    })
}

fn first_nameserver(resolv_conf: &str) -> Option<SocketAddr> {
    let mut addresses = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = (words.next()? == "nameserver").then(|| words.next())??;
        // An IPv6 address may name its link, which means nothing to another machine.
        address.split('%').next()?.parse::<IpAddr>().ok()
    });
    addresses.next().map(|address| SocketAddr::new(address, 53))
}

async fn ask_here(resolver: Option<SocketAddr>, question: Question) -> Result<Vec<String>, Miss> {
    let Question { name, kind, within, deadline } = question;
    let whose = resolver.map_or_else(|| "this machine's resolver".to_owned(), |at| at.to_string());
    let builder = match resolver {
        None => TokioResolver::builder_tokio()
            .map_err(|error| Miss::Look(format!("this machine's resolver is not set up: {error}")))?,
        Some(at) => {
            let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            for connection in &mut connections {
                connection.port = at.port();
            }
            let server = NameServerConfig::new(at.ip(), true, connections.to_vec());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let mut builder = builder;
    let options = builder.options_mut();
    options.timeout = within / 2;
    options.attempts = 1;
    options.cache_size = 0;
    // What was asked for a name is asked: no search domains behind it.
    let mut name = name;
    name.set_fqdn(true);
    let client = builder.build().map_err(|error| Miss::Look(error.to_string()))?;
    // A resolver that nobody named is ours: its silence says nothing about the name.
    let silent = || match resolver {
        None => Miss::Look(format!("{whose} does not answer")),
        Some(_) => Miss::Target(format!("{whose} does not answer within {} ms", within.as_millis())),
    };
    match deadline.phase("answer", client.lookup(name.clone(), kind)).await {
        Err(_) | Ok(Err(NetError::Timeout | NetError::NoConnections | NetError::Io(_))) => Err(silent()),
        Ok(Ok(lookup)) => Ok(lookup
            .answers()
            .iter()
            .filter(|record| record.record_type() == kind)
            .map(|record| text(&record.data))
            .collect()),
        Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) => match none.response_code {
            ResponseCode::NoError => Ok(Vec::new()),
            code => Err(refused(&name, code, &whose)),
        },
        Ok(Err(NetError::Dns(DnsError::ResponseCode(code)))) => Err(refused(&name, code, &whose)),
        Ok(Err(error)) => Err(Miss::Target(format!("{whose} answers nonsense: {error}"))),
    }
}

fn refused(name: &Name, code: ResponseCode, whose: &str) -> Miss {
    match code {
        ResponseCode::NXDomain => {
            Miss::Target(format!("{} does not exist", name.to_utf8().trim_end_matches('.')))
        }
        code => Miss::Target(format!("{whose} answers {code}")),
    }
}

async fn ask_through(reach: &Reach, resolver: SocketAddr, asked: Question) -> Result<Vec<String>, Miss> {
    let Question { name, kind, deadline, .. } = asked;
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name.clone(), kind));
    let id = question.metadata.id;
    let bytes =
        question.to_vec().map_err(|error| Miss::Look(format!("the question cannot be asked: {error}")))?;
    let stream = reach.tcp(&resolver.ip().to_string(), resolver.port(), &deadline).await?;
    let answer = deadline.phase("answer", converse(stream, &bytes)).await;
    let answer = answer.map_err(|error| reach.blame(&error))?;
    let nonsense = |why: String| Miss::Target(format!("{resolver} answers nonsense: {why}"));
    let answer = answer.map_err(|error| nonsense(error.to_string()))?;
    let answer = Message::from_vec(&answer).map_err(|error| nonsense(error.to_string()))?;
    if answer.metadata.id != id {
        return Err(nonsense("to another question".to_owned()));
    }
    match answer.metadata.response_code {
        ResponseCode::NoError => Ok(answer
            .answers
            .iter()
            .filter(|record| record.record_type() == kind)
            .map(|record| text(&record.data))
            .collect()),
        code => Err(refused(&name, code, &resolver.to_string())),
    }
}

/// A message each way, each after its length in two bytes (RFC 1035, 4.2.2).
async fn converse(mut stream: BoxDuplex, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = u16::try_from(question.len()).map_err(std::io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(question).await?;
    stream.flush().await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_resolver_is_the_first_that_its_file_names() {
        let of = |text: &str| first_nameserver(text).map(|at| at.to_string());
        assert_eq!(
            of("# nameserver 1.1.1.1\nsearch lab\nnameserver 127.0.0.53\nnameserver 9.9.9.9\n").as_deref(),
            Some("127.0.0.53:53")
        );
        assert_eq!(of("nameserver\tfe80::1%eth0\n").as_deref(), Some("[fe80::1]:53"));
        assert_eq!(of("nameserver\nnameserver what\n"), None);
        assert_eq!(of(""), None);
    }
}

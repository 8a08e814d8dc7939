//! `kind = "dns"`: a question, and the answers that must be among those that come.

use std::net::{IpAddr, SocketAddr};

use super::{Vantage, read_from};
use crate::config::condition;
use crate::config::mistake::Mistake;
use crate::config::table::Table;
use crate::config::value::{Read, Value, quoted};
use crate::config::words::words;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;

words! {
    /// A record's type.
    Record {
        /// An IPv4 address.
        A = "A",
        /// An IPv6 address.
        Aaaa = "AAAA",
        /// Another name.
        Cname = "CNAME",
        /// A mail server.
        Mx = "MX",
        /// Text.
        Txt = "TXT",
        /// A name server.
        Ns = "NS",
        /// A service.
        Srv = "SRV",
        /// Who may issue certificates.
        Caa = "CAA",
    }
}

/// A DNS question.
#[derive(Clone, Debug, PartialEq)]
pub struct DnsCheck {
    /// The name.
    pub name: String,
    /// The record's type.
    pub record: Record,
    /// Who is asked; where nothing is said the resolver of the system that it is asked from.
    pub resolver: Option<SocketAddr>,
    /// Where it is asked from. From a server it goes by TCP.
    pub from: Vec<Vantage>,
    /// Answers that must all be there; empty for any answer at all.
    pub expect: Vec<String>,
    /// What else must hold.
    pub condition: Option<Condition>,
}

impl DnsCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let name = t.need("name");
        let record = t.or("record", Record::A);
        let resolver = t.opt::<Resolver>("resolver").map(|resolver| resolver.0);
        let from = read_from(t);
        let expect = t.opt("expect").unwrap_or_default();
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Dns, condition.as_ref());
        Some(Self { name: name?, record, resolver, from, expect, condition })
    }
}

struct Resolver(SocketAddr);

impl Read for Resolver {
    fn expects() -> String {
        "an IP address, with a port where it is not 53".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        let bare = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
        if let Ok(address) = bare.or_else(|_| text.parse()) {
            return Some(Self(address));
        }
        value.bad(Mistake::error(value.span(), format!("this is not {}", Self::expects())));
        None
    }
    fn show(&self) -> String {
        quoted(&self.0.to_string())
    }
}

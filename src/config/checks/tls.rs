//! `kind = "tls"`: a handshake and the certificate that it shows.

use std::path::PathBuf;
use std::time::Duration;

use super::{Vantage, read_from};
use crate::config::condition;
use crate::config::scalars::Address;
use crate::config::table::Table;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;

/// A TLS handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsCheck {
    /// What is connected to.
    pub address: Address,
    /// Where it is connected from.
    pub from: Vec<Vantage>,
    /// The name to ask for and to find in the certificate; the address's host where nothing is said.
    pub server_name: Option<String>,
    /// How long the certificate must still be valid; the threshold where nothing is said.
    pub min_validity: Option<Duration>,
    /// Certificates to trust besides the system's, a PEM file.
    pub ca: Option<PathBuf>,
    /// What else must hold.
    pub condition: Option<Condition>,
}

impl TlsCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let address = t.need("address");
        let from = read_from(t);
        let (server_name, min_validity, ca) = (t.opt("server_name"), t.opt("min_validity"), t.opt("ca"));
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Tls, condition.as_ref());
        Some(Self { address: address?, from, server_name, min_validity, ca, condition })
    }
}

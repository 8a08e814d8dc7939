//! `kind = "tcp"`: whether a port takes connections.

use super::{Vantage, read_from};
use crate::config::condition;
use crate::config::scalars::Address;
use crate::config::table::Table;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;

/// A TCP connection.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpCheck {
    /// What is connected to.
    pub address: Address,
    /// Where it is connected from.
    pub from: Vec<Vantage>,
    /// What else must hold.
    pub condition: Option<Condition>,
}

impl TcpCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let address = t.need("address");
        let from = read_from(t);
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Tcp, condition.as_ref());
        Some(Self { address: address?, from, condition })
    }
}

//! `tcp`: whether a port takes connections.

use super::attempt::Attempt;
use super::look::Look;
use super::seen::Seen;
use crate::config::checks::TcpCheck;

/// Connects, and hangs up.
pub async fn attempt(check: &TcpCheck, look: &Look<'_>) -> Attempt {
    let deadline = look.deadline();
    if let Err(miss) = look.reach.tcp(&check.address.host, check.address.port, &deadline).await {
        return miss.into();
    }
    let latency = deadline.elapsed();
    let mut attempt = Attempt::answered(latency);
    attempt.judge(check.condition.as_ref(), &Seen { latency: Some(latency), ..Seen::default() });
    attempt
}

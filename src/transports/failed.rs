//! How a command that ended otherwise than it should have becomes the one shape that is shown. No policy here.

use std::time::Duration;

use super::exec::{ExitStatus, Output};
use crate::domain::failure::{Failure, FailureKind, Retry};

/// How long until a server is asked again for something that it did not have.
pub const LATER: Retry = Retry::After(Duration::from_secs(300));

/// A command that ended otherwise than it should have.
pub fn command_failed(output: &Output, what: String) -> Failure {
    let complaint = output.complaint();
    let how = match &output.status {
        ExitStatus::Code(127) => "the program is not there".to_owned(),
        ExitStatus::Code(126) => "the program may not be run".to_owned(),
        ExitStatus::Code(code) => format!("exit {code}"),
        ExitStatus::Signal(signal) => format!("ended by SIG{signal}"),
    };
    let (kind, retry) = match &output.status {
        ExitStatus::Code(127) => (FailureKind::Unsupported, LATER),
        _ if is_denied(&complaint) => (FailureKind::Permission, LATER),
        _ => (FailureKind::Invalid, Retry::Now),
    };
    let mut why = vec![how];
    why.extend(Some(complaint).filter(|complaint| !complaint.is_empty()));
    Failure { kind, what, why, hint: None, retry }
}

/// Whether a complaint is about rights, as libc and systemd word it in the C locale.
fn is_denied(complaint: &str) -> bool {
    ["ermission denied", "ccess denied", "not permitted", "nsufficient permissions"]
        .iter()
        .any(|words| complaint.contains(words))
}

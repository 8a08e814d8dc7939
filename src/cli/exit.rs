//! Exit codes, the same for every subcommand.

use std::process::ExitCode;

use crate::domain::failure::{Failure, FailureKind};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all is well, or what was asked was done.
    Well,
    /// 1: something is wrong with what was looked at.
    Problem,
    /// 2: the arguments or the configuration make no sense.
    Usage,
    /// 3: a target could not be reached.
    Unreachable,
    /// 4: a change was made in part, and what stands is in between.
    Partial,
    /// What a command in a container ended with.
    Command(u8),
    /// 128 and this signal's number (130 for Ctrl-C): what goes on until it is interrupted was.
    Interrupted(u8),
}

impl Exit {
    /// The code for the shell.
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Well => 0,
            Self::Problem => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Partial => 4,
            Self::Command(code) => code,
            Self::Interrupted(signal) => 128_u8.saturating_add(signal),
        })
    }

    /// What a failure ends with.
    pub const fn of(failure: &Failure) -> Self {
        if failure.is_of_the_way() {
            return Self::Unreachable;
        }
        match failure.kind {
            FailureKind::Invalid | FailureKind::NotFound => Self::Usage,
            // The first four are of the way.
            FailureKind::Unreachable
            | FailureKind::Auth
            | FailureKind::HostKey
            | FailureKind::Timeout
            | FailureKind::Permission
            | FailureKind::Conflict
            | FailureKind::RateLimited
            | FailureKind::Unsupported
            | FailureKind::Bug => Self::Problem,
        }
    }
}

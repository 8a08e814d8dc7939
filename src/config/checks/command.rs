//! `kind = "command"`: a command on a server, and how it must end.

use crate::config::amounts::Whole;
use crate::config::argv::Argv;
use crate::config::condition;
use crate::config::table::Table;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;
use crate::domain::ids::ServerId;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandCheck {
    /// The servers it runs on, at least one; each is judged by itself.
    pub server: Vec<ServerId>,
    /// The program and its arguments, each quoted for the server's shell.
    pub command: Vec<String>,
    /// The exit code that is right.
    pub expect_exit: u8,
    /// What must stand somewhere in its standard output.
    pub expect_output: Option<String>,
    /// What else must hold.
    pub condition: Option<Condition>,
}

impl CommandCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let server = t.need("server");
        let command = t.need::<Argv>("command");
        let expect_exit = t.or("expect_exit", Whole::<0, 255>(0));
        let expect_output = t.opt("expect_output");
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Command, condition.as_ref());
        Some(Self {
            server: server?,
            command: command?.0,
            expect_exit: u8::try_from(expect_exit.0).unwrap_or(u8::MAX),
            expect_output,
            condition,
        })
    }
}

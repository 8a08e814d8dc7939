//! A command in a container, a shell for the most part: what is asked for, and how it ended. What is
//! typed into it is in none of this.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::ids::{ContainerKey, ServerId};

/// What is to run, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecAsked {
    /// In which container.
    pub container: ContainerKey,
    /// Its name.
    pub name: String,
    /// The image that it is of, for messages.
    pub image: String,
    /// The program and its arguments; a shell where there are none.
    pub command: Vec<String>,
    /// As whom, where it is not the image's user.
    pub user: Option<String>,
}

impl ExecAsked {
    /// The server.
    pub const fn server(&self) -> &ServerId {
        &self.container.server
    }

    /// What it is, in a few words.
    pub fn title(&self) -> String {
        let what = self.command.first().map_or("a shell", String::as_str);
        format!("{what} in {} on {}", self.name, self.container.server)
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecEnd {
    /// The exit code, where it is known.
    pub exit: Option<i32>,
    /// How long it was there.
    pub took: Duration,
    /// Why it is over, where it did not end by itself.
    pub because: Option<Failure>,
}

/// What is told of it on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecNews {
    /// It runs, and waits for the terminal; which program.
    Open(String),
    /// It is over.
    Over(ExecEnd),
}

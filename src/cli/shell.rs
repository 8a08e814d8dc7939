//! `midwatch completions` and `midwatch man`: derived from the arguments.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Exit;
use super::args::Args;
use crate::domain::failure::{Failure, FailureKind};

/// Prints completions for a shell.
pub fn completions(shell: Shell) -> Exit {
    clap_complete::generate(shell, &mut Args::command(), "midwatch", &mut io::stdout());
    Exit::Well
}

/// Prints the manual page.
pub fn man() -> Result<Exit, Failure> {
    clap_mangen::Man::new(Args::command()).render(&mut io::stdout()).map_err(|error| {
        Failure::new(FailureKind::Unreachable, "print the manual page", error.to_string())
    })?;
    Ok(Exit::Well)
}

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

/// The help of every subcommand as Markdown: what `docs/cli.md` is.
pub fn markdown() -> String {
    let mut out = String::from(
        "# The command line\n\nWritten from the arguments themselves; `midwatch help` prints the same.\n",
    );
    let mut command = Args::command().term_width(100);
    command.build();
    section(&mut out, &command, "midwatch");
    out
}

fn section(out: &mut String, command: &clap::Command, name: &str) {
    let help = command.clone().render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    out.extend(["\n## ", name, "\n\n```text\n", lines.join("\n").trim_end(), "\n```\n"]);
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        section(out, below, &format!("{name} {}", below.get_name()));
    }
}

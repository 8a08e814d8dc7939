//! `midwatch demo`: a bundled recording of an outage. `tests/it/demo.rs` makes it.

use clap::Args as ClapArgs;

use super::args::Args;
use super::{Exit, replay};
use crate::domain::failure::Failure;
use crate::runtime::recording::{self, Losses};

/// Six servers, a disk that fills, and what follows from it.
pub const RECORDING: &[u8] = include_bytes!("demo.jsonl");

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct DemoArgs {
    /// How many times as fast as it happened
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = replay::speed)]
    pub speed: f64,
}

/// Plays it.
pub fn run(args: &Args, demo: &DemoArgs) -> Result<Exit, Failure> {
    let recording =
        recording::from_bytes("the demo", RECORDING).map_err(|error| error.into_failure("play the demo"))?;
    replay::play(args, recording, &Losses::default(), demo.speed)
}

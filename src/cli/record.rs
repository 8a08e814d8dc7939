//! `midwatch record`: the console, with everything it is told written to a file.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use clap::Args as ClapArgs;

use super::args::Args;
use super::{Exit, console};
use crate::domain::failure::{Failure, FailureKind};
use crate::runtime::recording::Recorder;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct RecordArgs {
    /// A new file, which only you may read. What you type is not recorded; what servers, containers
    /// and logs tell is
    pub file: PathBuf,
}

/// Opens the console, and records.
pub fn run(args: &Args, record: &RecordArgs) -> Result<Exit, Failure> {
    let what = "record";
    let recorder = Recorder::create(&record.file).map_err(|error| error.into_failure(what))?;
    let recorder = Rc::new(RefCell::new(recorder));
    let its = Rc::clone(&recorder);
    let shown = console::run(args, Some(Box::new(move |event, at| its.borrow_mut().take(event, at))));
    let Ok(recorder) = Rc::try_unwrap(recorder) else {
        return Err(Failure::new(FailureKind::Bug, what, "the console still holds the recording"));
    };
    recorder.into_inner().finish().map_err(|error| error.into_failure(what))?;
    shown
}

//! `--wait`: another operator's lock is waited for, and then it is planned anew.

use std::time::Duration;

use clap::Args as ClapArgs;
use tokio::time::{Instant, interval_at, timeout_at};

use super::{Common, Desk, Given, Operating, Shown};
use crate::cli::{Exit, print};
use crate::config::duration;
use crate::domain::failure::Failure;
use crate::domain::plan::Plan;
use crate::domain::release::lock::{Holder, LockStand};
use crate::domain::text::clean;
use crate::engine::lock;
use crate::operations::Refusal;

/// How often it is said that it still waits.
const SAID: Duration = Duration::from_secs(30);

/// The option.
#[derive(Clone, Debug, ClapArgs)]
pub struct Wait {
    // Without a duration as long as it takes: longer than any run.
    /// Where another run holds the lock, wait until it is given back, so long at most, and plan anew
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "365d", value_parser = duration::parse)]
    pub wait: Option<Duration>,
}

impl Operating {
    /// Plans, shows the plan, asks, and carries it out; where another run holds the lock and that is to be
    /// waited for, it waits and plans anew.
    pub fn change(
        &self,
        common: &Common,
        make: impl Fn() -> Result<Result<Plan, Refusal>, Failure>,
    ) -> Result<Exit, Failure> {
        self.desk.change(&common.wait, &common.consent.shown, common.consent.given(), make)
    }
}

impl Desk {
    /// The same of a datastore.
    pub fn change(
        &self,
        wait: &Wait,
        shown: &Shown,
        given: Given<'_>,
        make: impl Fn() -> Result<Result<Plan, Refusal>, Failure>,
    ) -> Result<Exit, Failure> {
        let Some(most) = wait.wait else { return self.carry_out(make()?, shown, given) };
        let until = Instant::now() + most;
        loop {
            match make()? {
                Ok(plan) if plan.awaits_lock() => {
                    if let Some(exit) = self.wait(&plan, until, shown.json)? {
                        return Ok(exit);
                    }
                }
                planned => {
                    let done = self.carried_out(planned, shown, given)?;
                    // Another was quicker while this one was read.
                    if !done.too_late {
                        return Ok(done.exit);
                    }
                }
            }
        }
    }

    /// Waits for the lock that stands in a plan's way; how the program ends where that is not to be.
    fn wait(&self, plan: &Plan, until: Instant, json: bool) -> Result<Option<Exit>, Failure> {
        let say = |text: &str| if json { eprintln!("{text}") } else { print(text) };
        let mut told = |holder: &Holder| {
            say(&format!(
                "{} is held by {}\n  waits until it is given back, then plans anew; nothing is changed (ctrl-c gives up)",
                lock_of(plan),
                holder.says()
            ));
        };
        let stand = self.headless.tasks.block_on(async {
            let began = Instant::now();
            let mut still = interval_at(began + SAID, SAID);
            let mut waiting =
                std::pin::pin!(timeout_at(until, lock::wait(&self.engines, &plan.places, &mut told)));
            loop {
                tokio::select! {
                    stand = &mut waiting => break stand.map_err(|_| "it is held still"),
                    _ = tokio::signal::ctrl_c() => break Err("given up"),
                    _ = still.tick() => say(&format!("  waits, for {} s", began.elapsed().as_secs())),
                }
            }
        });
        self.heed_interrupts();
        match stand {
            Err(why) => {
                eprintln!("midwatch: {why}: {} was not begun; nothing was changed", clean(&plan.title));
                Ok(Some(Exit::Usage))
            }
            Ok(stand) => match stand? {
                LockStand::Dead(holder) => {
                    eprintln!(
                        "midwatch: {} is held by {}, and no console carries that out any more: finish it, undo it or \
                         leave it: midwatch resume {}",
                        lock_of(plan),
                        holder.says(),
                        holder.run
                    );
                    Ok(Some(Exit::Usage))
                }
                LockStand::Unreadable(begins) => {
                    eprintln!(
                        "midwatch: {} is held by something that cannot be read: {begins}",
                        lock_of(plan)
                    );
                    Ok(Some(Exit::Usage))
                }
                LockStand::Free | LockStand::Held(_) => Ok(None),
            },
        }
    }

    /// Whoever heard an interrupt once hears all of them: until a run listens itself, one ends the program.
    fn heed_interrupts(&self) {
        let ends = self.headless.tasks.spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                crate::runtime::defects::flush();
                std::process::exit(130);
            }
        });
        self.heeds(Some(ends.abort_handle()));
    }
}

fn lock_of(plan: &Plan) -> String {
    format!("the lock of {}", plan.app)
}

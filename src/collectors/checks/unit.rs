//! `unit`: whether a systemd unit is active, by one `systemctl show` on the server: a direct look, so
//! that a headless check says the same as the console.

use std::collections::HashMap;

use super::attempt::Attempt;
use super::command;
use super::look::Look;
use crate::config::checks::UnitCheck;
use crate::domain::health::Health;

/// What is asked for.
const PROPERTIES: &str = "--property=LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState";

/// Asks systemd.
pub async fn attempt(check: &UnitCheck, look: &Look<'_>) -> Attempt {
    let deadline = look.deadline();
    let argv = ["systemctl", "show", PROPERTIES, "--", check.unit.as_str()].map(str::to_owned);
    let output = match command::run(&argv, look).await {
        Ok(output) => output,
        Err(attempt) => return attempt,
    };
    if !output.success() {
        return Attempt::unknown(format!("systemctl does not answer: {}", output.complaint()));
    }
    let mut attempt = judge(&output.text());
    attempt.latency = Some(deadline.elapsed());
    attempt
}

fn properties(text: &str) -> HashMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once('=')).collect()
}

/// Judges what `systemctl show` says.
fn judge(text: &str) -> Attempt {
    let shown = properties(text);
    let get = |name: &str| shown.get(name).copied().unwrap_or_default();
    let (load, active, sub, result) = (get("LoadState"), get("ActiveState"), get("SubState"), get("Result"));
    let mut attempt = Attempt::answered(std::time::Duration::ZERO);
    attempt.fact("state", format!("{active} ({sub})"));
    attempt.fact("restarts", get("NRestarts"));
    attempt.fact("starts at boot", get("UnitFileState"));
    match (load, active) {
        ("not-found", _) => attempt.find(Health::Down, "there is no such unit"),
        ("loaded", "active") => {}
        // A service that systemd keeps restarting is never active for long, nor failed.
        ("loaded", "activating") if sub == "auto-restart" => {
            attempt.find(Health::Down, format!("it keeps restarting ({result})"));
        }
        ("loaded", "activating" | "reloading" | "refreshing") => {
            attempt.find(Health::Unknown, format!("it is {active}"));
        }
        ("loaded", "failed") => attempt.find(Health::Down, format!("it failed ({result})")),
        ("loaded", other) if !other.is_empty() => attempt.find(Health::Down, format!("it is {other}")),
        ("", _) => attempt.find(Health::Unknown, "systemd says nothing about it"),
        (load, _) => attempt.find(Health::Down, format!("it is {load}")),
    }
    attempt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(load: &str, active: &str, sub: &str) -> Health {
        judge(&format!("LoadState={load}\nActiveState={active}\nSubState={sub}\nResult=exit-code\n"))
            .verdict
            .health
    }

    #[test]
    fn only_active_is_up() {
        assert_eq!(health("loaded", "active", "running"), Health::Up);
        assert_eq!(health("loaded", "failed", "failed"), Health::Down);
        assert_eq!(health("loaded", "activating", "auto-restart"), Health::Down);
        assert_eq!(health("loaded", "activating", "start"), Health::Unknown);
        assert_eq!(health("not-found", "inactive", "dead"), Health::Down);
        assert_eq!(health("masked", "inactive", "dead"), Health::Down);
        assert_eq!(judge("garbage").verdict.health, Health::Unknown);
    }
}

//! Waiting until nobody else changes an app: whose lock it is, looked at again and again. Nothing is changed.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;

use super::gather::holding;
use super::ground::{Engines, Ground};
use super::mark::mark;
use crate::domain::deploy::Place;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::release::lock::{Holder, LockStand};
use crate::operations::facts::Held;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// How often in a row nobody is there who carries the run out, before it is taken for dead: one takes its
/// lock a moment before it shows itself.
const LOOKS: u32 = 3;

/// The lock of the app in `$1`, and whether a console is connected that carries its run out.
const SCRIPT: &str = concat!(
    mark!(),
    r#"cd "$1/.midwatch" 2>/dev/null || exit 0
[ -e lock ] || exit 0
sed 's/^/lock /' lock 2>/dev/null
r=$(sed -n 1p lock 2>/dev/null); a=runs/${r%%/*}/alive
if [ -e "$a" ]; then read -r p b <"$a"; [ "$p $b" = "$(m "$p")" ] && echo alive; fi
exit 0"#
);

/// How the lock stands: the first that is held, by the servers' names.
pub async fn look(engines: &Engines, places: &BTreeMap<ServerId, Place>) -> Result<LockStand, Failure> {
    let told = join_all(places.iter().map(async |(server, place)| {
        let ground = Ground::reach(engines, server, place).await?;
        let what = format!("look at the lock of {} on {server}", place.project);
        ground.done(RemoteCommand::script(SCRIPT).arg(&place.directory), &what, DEADLINE).await
    }))
    .await;
    let texts: Vec<String> = told.into_iter().collect::<Result<_, _>>()?;
    Ok(read(&texts))
}

/// One run may hold it on several servers; a console on any of them carries it out.
fn read(texts: &[String]) -> LockStand {
    let of = |text: &String| {
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("lock ")).collect();
        Some((holding(&lines)?, text.lines().any(|line| line == "alive")))
    };
    let all: Vec<(Held, bool)> = texts.iter().filter_map(of).collect();
    let alive = |holder: &Holder| {
        all.iter().any(|(held, alive)| *alive && matches!(held, Held::By(it) if it.run == holder.run))
    };
    match all.first() {
        None => LockStand::Free,
        Some((Held::By(holder), _)) if alive(holder) => LockStand::Held(holder.clone()),
        Some((Held::By(holder), _)) => LockStand::Dead(holder.clone()),
        Some((Held::Unreadable(begins), _)) => LockStand::Unreadable(begins.clone()),
    }
}

/// Waits until nobody holds it, or nobody is there to give it back; `told` hears who does, once for each.
pub async fn wait(
    engines: &Engines,
    places: &BTreeMap<ServerId, Place>,
    told: &mut (dyn FnMut(&Holder) + Send),
) -> Result<LockStand, Failure> {
    let mut known: Option<Holder> = None;
    let mut alone = 0;
    loop {
        let stand = look(engines, places).await?;
        let holder = match &stand {
            LockStand::Held(holder) | LockStand::Dead(holder) => holder,
            LockStand::Free | LockStand::Unreadable(_) => return Ok(stand),
        };
        if known.as_ref().is_none_or(|it| it.run != holder.run) {
            alone = 0;
            told(holder);
            known = Some(holder.clone());
        }
        alone = if matches!(stand, LockStand::Dead(_)) { alone + 1 } else { 0 };
        if alone == LOOKS {
            return Ok(stand);
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(run: &str, more: &str) -> String {
        let holder = format!(
            r#"{{"run":"{run}","by":{{"user":"ann","machine":"laptop"}},"since":1795143600000,"what":"deploy"}}"#
        );
        format!("lock {run}\nlock {holder}\n{more}")
    }

    #[test]
    fn a_run_is_alive_where_its_console_is_on_any_server() {
        let run = |stand: LockStand| match stand {
            LockStand::Held(it) => format!("held {}", it.run),
            LockStand::Dead(it) => format!("dead {}", it.run),
            other => format!("{other:?}"),
        };
        assert_eq!(read(&[String::new(), String::new()]), LockStand::Free);
        assert_eq!(run(read(&[text("1-a", ""), text("1-a", "alive\n")])), "held 1-a");
        assert_eq!(run(read(&[text("1-a", ""), text("1-b", "alive\n")])), "dead 1-a");
        assert_eq!(run(read(&[String::new(), text("1-b", "alive\n")])), "held 1-b");
        assert!(matches!(read(&["lock \u{1b}odd\n".to_owned()]), LockStand::Unreadable(it) if it == "␛odd"));
    }
}

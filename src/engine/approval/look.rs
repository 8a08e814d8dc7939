//! Which runs wait on an app's servers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::approval::{Request, Waiting};
use crate::domain::ids::ServerId;
use crate::domain::plan::FrozenPlan;
use crate::domain::run::RunId;

/// The part of a script that lists what waits in the app's folder `$1` and is not over; it wants
/// [`crate::engine::mark`] before it.
macro_rules! list {
    () => {
        r#"if cd "$1/.midwatch/waiting" 2>/dev/null; then n=$(date +%s)
  for r in *; do
    u=$(cat "$r/until" 2>/dev/null) && [ "$u" -ge "$n" ] 2>/dev/null || continue
    a=gone; if [ -e "$r/alive" ]; then read -r p b <"$r/alive"; [ "$p $b" = "$(m "$p")" ] && a=alive; fi
    echo "waiting $((u-n)) $a"; sed -n '1s/^/request /p' "$r/request.json"; sed -n '1s/^/plan /p' "$r/plan.json"
  done
fi
"#
    };
}

pub(in crate::engine) use list;

/// What one server says of one run.
#[derive(Clone, Debug)]
pub struct Pieces {
    left: Duration,
    alive: bool,
    request: Request,
    plan: FrozenPlan,
}

/// Reads the lines of [`list`]; others are left alone.
pub fn pieces(text: &str) -> Vec<Pieces> {
    let mut all = Vec::new();
    let (mut head, mut request): (Option<(Duration, bool)>, Option<Request>) = (None, None);
    for line in text.lines() {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "waiting" => {
                let (left, alive) = value.split_once(' ').unwrap_or((value, ""));
                head = left.parse().ok().map(|left| (Duration::from_secs(left), alive == "alive"));
                request = None;
            }
            "request" => request = serde_json::from_str(value).ok(),
            "plan" => {
                if let (Some((left, alive)), Some(request), Ok(plan)) =
                    (head.take(), request.take(), FrozenPlan::read(value))
                {
                    all.push(Pieces { left, alive, request, plan });
                }
            }
            _ => {}
        }
    }
    all
}

/// What waits, oldest first. What does not belong together is nobody's to approve, and left out.
pub fn merged(told: Vec<(ServerId, Vec<Pieces>)>) -> Vec<Waiting> {
    let mut all: BTreeMap<RunId, Waiting> = BTreeMap::new();
    for (server, pieces) in told {
        for Pieces { left, alive, request, plan } in pieces {
            let it = Waiting { request, plan, left, alive, on: vec![server.clone()] };
            if !it.is_sound() {
                tracing::warn!(%server, run = %it.request.run, "a run that waits is not what it says");
                continue;
            }
            match all.get_mut(&it.request.run) {
                None => {
                    all.insert(it.request.run.clone(), it);
                }
                Some(known) if known.request == it.request => {
                    known.left = known.left.min(left);
                    known.alive |= alive;
                    known.on.push(server.clone());
                }
                Some(known) => {
                    tracing::warn!(%server, run = %known.request.run, "two servers do not say the same of it");
                }
            }
        }
    }
    all.into_values().collect()
}

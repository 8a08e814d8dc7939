//! Whether services are good: what their containers are, against what they should be. Pure.

use std::time::Duration;

use crate::domain::container::{ContainerHealth, ContainerState};
use crate::domain::plan::act::Expected;

/// A container as the gate sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// What it does.
    pub state: ContainerState,
    /// What its health check says.
    pub health: ContainerHealth,
    /// Restarts by its policy since it was made.
    pub restarts: u32,
    /// How it ended, where it did.
    pub exit_code: Option<i64>,
    /// How long it has been up, by the server's clock.
    pub up: Duration,
    /// Its image's digest, where a registry gave it one.
    pub digest: Option<crate::domain::image::Digest>,
    /// What it answered, where it was asked; else staying up counts.
    pub answer: Option<Result<(), String>>,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it should be.
    Good,
    /// Not yet; the service that is waited for, and for what.
    Waiting(String, String),
    /// It will not be, and why; the service that is at fault.
    Bad(String, String),
}

/// Restarts after which it is a loop and not an accident.
const LOOP: u32 = 2;

/// Judges. `steady` is how long a container without a health check has to stay up.
pub fn judge(expected: &[Expected], seen: &[Seen], steady: Duration) -> Verdict {
    let mut waiting = None;
    for service in expected {
        let meant = |it: &&Seen| {
            it.service == service.service && (service.names.is_empty() || service.names.contains(&it.name))
        };
        let all: Vec<&Seen> = seen.iter().filter(meant).collect();
        for container in &all {
            match one(container, service, steady) {
                Verdict::Good => {}
                Verdict::Waiting(service, why) => waiting = waiting.or(Some((service, why))),
                bad @ Verdict::Bad(..) => return bad,
            }
        }
        if all.len() != usize::from(service.containers) {
            let why = format!("{} has {} of {} containers", service.service, all.len(), service.containers);
            waiting = waiting.or(Some((service.service.clone(), why)));
        }
    }
    waiting.map_or(Verdict::Good, |(service, why)| Verdict::Waiting(service, why))
}

fn one(it: &Seen, service: &Expected, steady: Duration) -> Verdict {
    let bad = |why: String| Verdict::Bad(it.service.clone(), why);
    let waiting = |why: String| Verdict::Waiting(it.service.clone(), why);
    // An image whose digest could not be read is not taken for the right one.
    let wanted = service.image.as_ref().and_then(|image| image.digest.as_ref());
    let wrong = wanted.filter(|digest| it.digest.as_ref() != Some(*digest));
    if wrong.is_some() {
        return waiting(format!("{} is not known to be of the new image", it.name));
    }
    if it.restarts >= LOOP {
        return bad(format!("{} keeps restarting", it.name));
    }
    match (it.state, it.health) {
        (ContainerState::Running, ContainerHealth::Healthy) => Verdict::Good,
        (ContainerState::Running, ContainerHealth::Unhealthy) => {
            bad(format!("{} fails its health check", it.name))
        }
        (ContainerState::Running, ContainerHealth::Starting) => {
            waiting(format!("{} is not healthy yet", it.name))
        }
        (ContainerState::Running, ContainerHealth::None) => match &it.answer {
            Some(Ok(())) => Verdict::Good,
            Some(Err(why)) => waiting(format!("{} {why}", it.name)),
            None if it.up >= steady => Verdict::Good,
            None => waiting(format!("{} has no health check: it has to stay up", it.name)),
        },
        (ContainerState::Exited, _) if it.exit_code == Some(0) => bad(format!("{} ended by itself", it.name)),
        (ContainerState::Exited | ContainerState::Dead, _) => {
            let code = it.exit_code.map(|code| format!(", exit {code}")).unwrap_or_default();
            bad(format!("{} ended{code}", it.name))
        }
        (state, _) => waiting(format!("{} is {}", it.name, state.word())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(state: ContainerState, health: ContainerHealth) -> Seen {
        Seen {
            name: "shop-web-1".into(),
            service: "web".into(),
            state,
            health,
            restarts: 0,
            exit_code: None,
            up: Duration::from_secs(3),
            digest: None,
            answer: None,
        }
    }

    fn expected(containers: u16) -> [Expected; 1] {
        [Expected { service: "web".into(), containers, image: None, names: Vec::new() }]
    }

    const STEADY: Duration = Duration::from_secs(10);

    #[test]
    fn good_is_as_many_as_there_should_be_and_all_healthy() {
        let well = web(ContainerState::Running, ContainerHealth::Healthy);
        assert_eq!(judge(&expected(1), std::slice::from_ref(&well), STEADY), Verdict::Good);
        assert!(matches!(judge(&expected(2), &[well], STEADY), Verdict::Waiting(..)));
    }

    #[test]
    fn an_image_that_could_not_be_read_is_not_taken_for_the_right_one() {
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let image = format!("shop:1@{}", digest("a")).parse().unwrap();
        let expected =
            [Expected { service: "web".into(), containers: 1, image: Some(image), names: Vec::new() }];
        let well = web(ContainerState::Running, ContainerHealth::Healthy);
        let of = |digit: &str| Seen { digest: digest(digit).parse().ok(), ..well.clone() };
        assert!(matches!(judge(&expected, std::slice::from_ref(&well), STEADY), Verdict::Waiting(..)));
        assert!(matches!(judge(&expected, &[of("b")], STEADY), Verdict::Waiting(..)));
        assert_eq!(judge(&expected, &[of("a")], STEADY), Verdict::Good);
    }

    #[test]
    fn without_a_health_check_it_has_to_stay_up() {
        let young = web(ContainerState::Running, ContainerHealth::None);
        assert!(matches!(judge(&expected(1), std::slice::from_ref(&young), STEADY), Verdict::Waiting(..)));
        let old = Seen { up: Duration::from_secs(11), ..young };
        assert_eq!(judge(&expected(1), &[old], STEADY), Verdict::Good);
    }

    #[test]
    fn a_container_that_is_asked_is_good_by_its_answer_and_not_by_staying_up() {
        let old = Seen { up: Duration::from_secs(60), ..web(ContainerState::Running, ContainerHealth::None) };
        let refused = Seen { answer: Some(Err("answers 500 to :8080/".into())), ..old.clone() };
        let Verdict::Waiting(_, why) = judge(&expected(1), &[refused], STEADY) else { panic!("judged") };
        assert_eq!(why, "shop-web-1 answers 500 to :8080/");
        let answered = Seen { answer: Some(Ok(())), up: Duration::ZERO, ..old };
        assert_eq!(judge(&expected(1), std::slice::from_ref(&answered), STEADY), Verdict::Good);
        let looping = Seen { restarts: 2, ..answered };
        assert!(
            matches!(judge(&expected(1), &[looping], STEADY), Verdict::Bad(..)),
            "an answer is no excuse"
        );
    }

    #[test]
    fn what_will_not_be_good_is_not_waited_for() {
        for seen in [
            web(ContainerState::Running, ContainerHealth::Unhealthy),
            Seen { exit_code: Some(1), ..web(ContainerState::Exited, ContainerHealth::None) },
            Seen { restarts: 2, ..web(ContainerState::Restarting, ContainerHealth::None) },
        ] {
            assert!(matches!(judge(&expected(1), &[seen], STEADY), Verdict::Bad(..)));
        }
    }
}

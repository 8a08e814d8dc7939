//! How a person would look whether services are good.

use super::act::Expected;
use super::shell::compose_project;
use crate::domain::checking::AppCheck;
use crate::domain::deploy::{HttpProbe, Place};
use crate::domain::shell::{line, quote};

/// The first address of the container `$c`.
const ADDRESS: &str = "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' $c";

/// Containers asked one after the other: what each answers, and how fast.
pub(super) fn compared(names: &str, port: u16, path: &str) -> String {
    format!(
        "for c in {names}; do curl -so /dev/null -w \"$c %{{http_code}} %{{time_total}} s\\n\" \
         \"http://$({ADDRESS} | cut -d' ' -f1):{port}\"{}; done",
        quote(path)
    )
}

/// The containers of services, and what those answer that are asked.
pub(super) fn good(place: &Place, services: &[Expected], probe: Option<&HttpProbe>) -> String {
    let compose = |words: &[&str], names: &[&str]| {
        let words = words.iter().chain(names).map(|&word| word.to_owned());
        line(compose_project(place).chain(words))
    };
    let names: Vec<&str> = services.iter().map(|expected| expected.service.as_str()).collect();
    let ps = compose(&["ps"], &names);
    let Some(probe) = probe else { return ps };
    let asked: Vec<&str> = names.into_iter().filter(|service| probe.asks(service)).collect();
    if asked.is_empty() {
        return ps;
    }
    let ids = format!("$({})", compose(&["ps", "-q"], &asked));
    format!("{ps}\n{}", compared(&ids, probe.port, &probe.path))
}

/// The app's own checks: made where midwatch is, not on the server.
pub(super) fn checks(checks: &[AppCheck]) -> String {
    let names = checks.iter().map(|it| it.check.as_str());
    format!("# where midwatch is: {}", line(["midwatch", "check"].into_iter().chain(names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_stands_beside_the_list_for_the_service_that_is_asked() {
        let place = Place {
            project: "shop".into(),
            directory: "/srv/shop".into(),
            file: "compose.yaml".into(),
            env_file: None,
        };
        let service =
            |name: &str| Expected { service: name.into(), containers: 1, image: None, names: Vec::new() };
        let services = [service("web"), service("worker")];
        let probe = HttpProbe {
            service: Some("web".into()),
            port: 8080,
            path: "/it's up?".into(),
            below: HttpProbe::GOOD,
        };
        insta::assert_snapshot!(good(&place, &services, Some(&probe)));
        assert_eq!(good(&place, &services[1..], Some(&probe)), good(&place, &services[1..], None));
    }
}

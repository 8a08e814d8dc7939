//! Which containers of the service behind the proxy serve, and which only stand by.

use super::facts::{Running, ServerFacts};
use crate::domain::container::ContainerState;
use crate::domain::proxy::Proxy;

/// The containers of the service behind the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those that get requests.
    pub serving: Vec<Running>,
    /// Those that get none: of the release before, or left over.
    pub idle: Vec<Running>,
    /// Whether the proxy's file says so; otherwise all that run are taken to serve.
    pub told: bool,
}

/// Sorts them by what stands in the proxy's file.
pub fn standing(proxy: &Proxy, facts: &ServerFacts) -> Standing {
    let text = facts.proxy.as_ref().and_then(|it| it.text.as_deref().ok()).unwrap_or_default();
    let all = || facts.containers_of(&proxy.service).cloned();
    let (serving, idle): (Vec<_>, Vec<_>) =
        all().partition(|it| it.state == ContainerState::Running && stands_in(text, &address(proxy, it)));
    if !serving.is_empty() {
        return Standing { serving, idle, told: true };
    }
    let (serving, idle) = all().partition(|it| it.state == ContainerState::Running);
    Standing { serving, idle, told: false }
}

/// Where the proxy asks for a container.
pub fn address(proxy: &Proxy, container: &Running) -> String {
    proxy.address(&container.name, port(proxy, container))
}

/// The port of a container on its server, where the proxy asks there.
pub fn port(proxy: &Proxy, container: &Running) -> Option<u16> {
    proxy.ports?;
    container.ports.iter().find(|port| port.container == proxy.port).map(|port| port.host)
}

/// Whether an address stands in a text as a whole word.
fn stands_in(text: &str, address: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.match_indices(address).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + address.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_whole_word() {
        assert!(stands_in("server web-1:8080 weight=2;", "web-1:8080"));
        assert!(stands_in("to 127.0.0.1:8081\n", "127.0.0.1:8081"));
        for other in ["x-web-1:8080", "web-1:80801", "shop.web-1:8080"] {
            assert!(!stands_in(other, "web-1:8080"), "{other}");
        }
    }
}

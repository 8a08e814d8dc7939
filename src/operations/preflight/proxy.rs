//! Whether new containers can stand beside the old ones, and the proxy can be switched to them.

use super::Subject;
use crate::domain::deploy::Strategy;
use crate::domain::plan::{Finding, Judgement, Operation};
use crate::domain::proxy::{Proxy, ProxyKind};
use crate::operations::standing::{address, standing};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let changes = matches!(it.operation, Operation::Deploy | Operation::Rollback);
    let proxy = it.spec.proxy.as_ref().filter(|_| changes && it.spec.strategy.is_beside());
    let Some(proxy) = proxy else { return Vec::new() };
    let mut found: Vec<Finding> = switched(it, proxy).into_iter().chain(beside(it, proxy)).collect();
    if found.is_empty() {
        found.push(it.good("proxy", format!("{} can be switched", proxy.kind.word())));
    }
    found.extend(migrated(it, proxy));
    if it.spec.strategy == Strategy::BlueGreen {
        let service = &proxy.service;
        let kept = format!(
            "the containers of {service} before go on running until the next deploy: inside the networks of \
             the app the name {service} leads to them too"
        );
        found.push(it.finding("kept", Judgement::Noted, kept));
    }
    found
}

/// What stands in the way of switching.
pub(super) fn switched(it: &Subject<'_>, proxy: &Proxy) -> Option<Finding> {
    let file = &proxy.file;
    let Some(facts) = &it.facts.proxy else {
        let found = format!("{file} was not looked at");
        return Some(it.refused("proxy", found, "look again; if it stays, this is a defect of midwatch"));
    };
    let text = match &facts.text {
        Ok(text) => text,
        Err(why) => {
            return Some(it.refused("proxy", format!("{file}: {why}"), first(it, proxy)));
        }
    };
    if let Err(why) = &facts.writable {
        let remedy = format!("let this user write there: sudo chown \"$USER\" {}", folder(file));
        return Some(it.refused("proxy", why.clone(), remedy));
    }
    if let Err(why) = &facts.tested {
        let remedy = "mend its configuration first: it would refuse any other too";
        return Some(it.refused(
            "proxy",
            format!("{} refuses what it has now: {why}", proxy.kind.word()),
            remedy,
        ));
    }
    let standing = standing(proxy, it.facts);
    if !standing.told && !standing.serving.is_empty() && !text.trim().is_empty() {
        let found = format!("none of the containers of {} stands in {file}", proxy.service);
        return Some(it.doubtful(
            "proxy",
            found,
            "see that the proxy includes that file, or say with --reason that all of them serve",
        ));
    }
    None
}

/// What a reload of the proxy may cost. Caddy listens anew with `SO_REUSEPORT` each time, and the kernel
/// resets the connections that its former listener has not taken yet, unless it is told to hand them on.
pub(super) fn migrated(it: &Subject<'_>, proxy: &Proxy) -> Option<Finding> {
    let loses = proxy.kind == ProxyKind::Caddy
        && it.facts.proxy.as_ref().is_some_and(|facts| facts.migrates == Some(false));
    loses.then(|| {
        let found = "each reload of Caddy may reset a connection that it is about to take";
        let remedy = "sudo sh -c 'echo net.ipv4.tcp_migrate_req=1 >/etc/sysctl.d/60-migrate.conf && sysctl --system' \
                      (where Caddy is in a container: `sysctls` of its service)";
        Finding { remedy: Some(remedy.to_owned()), ..it.finding("reload", Judgement::Noted, found) }
    })
}

/// What stands in the way of new containers beside the old ones.
fn beside(it: &Subject<'_>, proxy: &Proxy) -> Option<Finding> {
    let name = &proxy.service;
    let services = it.facts.services.as_ref().ok()?;
    let Some(service) = services.get(name) else {
        let known: Vec<&str> = services.keys().map(String::as_str).collect();
        let remedy = format!("proxy.service is one of {}", known.join(", "));
        return Some(it.refused("proxy", format!("the Compose file has no service {name}"), remedy));
    };
    if service.named {
        let found = format!("{name} has a container_name: there cannot be two of it");
        return Some(it.refused("proxy", found, format!("take container_name from {name}")));
    }
    if proxy.ports.is_none() && !service.ports.is_empty() {
        let found = format!("{name} takes {} of the server: two cannot have it", service.ports.join(", "));
        let remedy = "configure proxy.ports = [one, other], or take `ports` from the service";
        return Some(it.refused("proxy", found, remedy));
    }
    let containers = it.facts.scale.get(name).copied().unwrap_or(service.containers);
    if proxy.ports.is_some() && containers > 1 {
        let found = format!("{name} has {containers} containers, and a port of the server is one's");
        return Some(it.refused(
            "proxy",
            found,
            "put the proxy on the containers' network and drop proxy.ports",
        ));
    }
    None
}

/// How the file is made for the first time.
fn first(it: &Subject<'_>, proxy: &Proxy) -> String {
    let now = standing(proxy, it.facts).serving;
    let backends: Vec<_> = now
        .iter()
        .map(|container| crate::domain::proxy::Backend { address: address(proxy, container), weight: 1 })
        .collect();
    let goes = match proxy.kind {
        ProxyKind::Caddy => "inside its `reverse_proxy { … }`: import",
        ProxyKind::Nginx => "in its configuration: include",
        ProxyKind::Traefik => "in the folder of its file provider:",
    };
    let text = proxy.text(&backends);
    let text = text.lines().skip(1).collect::<Vec<_>>().join("\\n");
    format!("make it, and name it {goes} {}; it begins as: {text}", proxy.file)
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

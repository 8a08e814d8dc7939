//! `[apps.NAME.gate]`: when a service is good after a change.

use super::amounts::Port;
use super::mistake::Mistake;
use super::scalars::UrlPath;
use super::table::Table;
use crate::domain::deploy::{Gate, HttpProbe};

pub(super) fn read(t: &mut Table<'_>) -> Gate {
    let usual = Gate::default();
    t.table("gate", |t| {
        let (deadline, steady) = (t.or("deadline", usual.deadline), t.or("steady", usual.steady));
        let port: Option<Port> = t.opt("port");
        let path = t.or("path", UrlPath("/".to_owned())).0;
        let service: Option<String> = t.opt("service");
        if let (None, Some(key)) = (port, ["path", "service"].into_iter().find(|key| t.has(key))) {
            t.report(
                Mistake::error(t.span_of(key), "nothing is asked without `port`")
                    .help("add the port in the container: port = 8080"),
            );
        }
        let probe = port.map(|port| HttpProbe { service, port: port.get(), path, below: HttpProbe::GOOD });
        Gate { deadline, steady, probe }
    })
}

//! Asks containers by their own addresses, which their server can reach.

use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use reqwest::Url;

use super::Task;
use crate::http::limits::Deadline;
use crate::http::{HttpError, Request, exchange};

/// How much of an answer is read, in bytes: that it is whole is part of its being good.
const BODY: usize = 64 << 10;

/// The status of one answer and the time it took; why there is none.
pub(super) async fn ask(
    task: &Task<'_>,
    (address, port, path): (&str, u16, &str),
    within: Duration,
) -> Result<(u16, Duration), String> {
    let url: Url = format!("http://{address}:{port}{path}")
        .parse()
        .map_err(|_| format!("{address}:{port}{path} is no address"))?;
    let transport = task.ground.transport().await.map_err(|failure| failure.reason())?;
    let deadline = Deadline::new(within);
    let stream = deadline.phase("connection", transport.tcp(address, port)).await.map_err(said)?;
    let stream = stream.map_err(|error| error.into_failure("connect").reason())?;
    let answer = exchange(stream, &Request::get(url), &deadline, BODY).await.map_err(said)?;
    Ok((answer.status, deadline.elapsed()))
}

fn said(error: HttpError) -> String {
    error.into_failure("ask").reason()
}

/// A container's address on a network; its server's own where it shares that one's network.
pub(super) fn address(inspected: &ContainerInspectResponse) -> Option<String> {
    let mode = inspected.host_config.as_ref().and_then(|it| it.network_mode.as_deref());
    if mode == Some("host") {
        return Some("127.0.0.1".to_owned());
    }
    let networks = inspected.network_settings.as_ref()?.networks.as_ref()?;
    // In the order of the networks' names, so that it is the same one each time.
    let mut all: Vec<_> = networks.iter().collect();
    all.sort_by_key(|(name, _)| name.as_str());
    all.into_iter().filter_map(|(_, it)| it.ip_address.clone()).find(|it| !it.is_empty())
}

//! The way to a server's SSH port: names resolved, addresses raced, or a channel of another
//! server's connection.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

use crate::transports::{BoxDuplex, Transport, TransportError};

use super::known_hosts::address;

/// How long an address has before the next one is tried beside it (RFC 8305, 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to a port, directly or as another server sees it. No deadline; the caller has one.
pub(super) async fn dial(
    host: &str,
    port: u16,
    through: Option<&dyn Transport>,
) -> Result<BoxDuplex, TransportError> {
    if let Some(jump) = through {
        return jump.tcp(host, port).await;
    }
    let unresolved = |source| TransportError::Resolve { host: host.to_owned(), source };
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(unresolved)?.collect();
    if addresses.is_empty() {
        return Err(unresolved(std::io::ErrorKind::NotFound.into()));
    }
    let mut tries: FuturesUnordered<_> = addresses
        .into_iter()
        .zip(0u32..)
        .map(|(address, n)| async move {
            sleep(HEAD_START * n).await;
            TcpStream::connect(address).await
        })
        .collect();
    let failed = |source| TransportError::Connect { address: address(host, port), source };
    let mut error = None;
    while let Some(result) = tries.next().await {
        match result {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(failed)?;
                return Ok(Box::new(stream));
            }
            Err(source) => error = error.or(Some(source)),
        }
    }
    Err(failed(error.unwrap_or_else(|| std::io::ErrorKind::NotConnected.into())))
}

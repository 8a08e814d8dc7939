//! What is there already, for a first configuration: hosts of the SSH configuration and Docker
//! contexts; and writing a configuration from what the user picked. Asking servers for their
//! Compose projects is for the rooms that can reach them.

pub mod docker_contexts;
pub mod ssh_hosts;
pub mod write;

pub use docker_contexts::{DockerContext, Endpoint, docker_contexts};
pub use ssh_hosts::{SshHost, ssh_hosts};
pub use write::{PickedApp, PickedServer, Picks, write};

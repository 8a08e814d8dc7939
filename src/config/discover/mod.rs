//! What is there already, for a first configuration: hosts of the SSH configuration and Docker
//! contexts; writing a configuration from what the user picked, and adding apps to one. Asking servers
//! for their Compose projects is for the rooms that can reach them.

pub mod add;
mod app_text;
pub mod docker_contexts;
mod names;
pub mod ssh_hosts;
mod text;
pub mod write;

pub use add::{add, addition};
pub use docker_contexts::{DockerContext, Endpoint, docker_contexts};
pub use ssh_hosts::{SshHost, ssh_hosts};
pub use write::{PickedServer, server_names, write};

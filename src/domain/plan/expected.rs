//! Services as they should be.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::image::ImageRef;

/// A service as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its name.
    pub service: String,
    /// How many containers.
    pub containers: u16,
    /// The image; `None` where any will do.
    pub image: Option<ImageRef>,
    /// The containers' names, where others of the service have no say; empty for all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// A port of a container on its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The port on the server's loopback address.
    pub host: u16,
    /// The port in the container.
    pub container: u16,
}

impl fmt::Display for Published {
    /// As Compose writes it: `127.0.0.1:8081:8080`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "127.0.0.1:{}:{}", self.host, self.container)
    }
}

//! The one HTTP client: TLS with its certificate on record, one exchange over any stream, a pooled
//! client with a retry budget, and the redaction of all that is secret in a request.
//!
//! Lives here: how HTTP is spoken. Not here: what is asked (collectors, providers), or how a stream
//! to a server is opened (transports).

pub mod certificate;
pub mod client;
pub mod error;
pub mod exchange;
pub mod limits;
pub mod redact;
pub mod request;
pub mod retry;
pub mod roots;
pub mod tls;

pub use client::Client;
pub use error::HttpError;
pub use exchange::{Answer, exchange};
pub use limits::Limits;
pub use request::Request;

//! What a plan is made of: how an app stands on its servers, read just before.
//!
//! Rendered Compose files hold secrets. They are in memory here for as long as a plan is made, and
//! are neither written nor printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::domain::checking::{Answer, OwnCheck};
use crate::domain::container::{ContainerHealth, ContainerState};
use crate::domain::failure::Failure;
use crate::domain::ids::{ContainerId, DatastoreId, ServerId};
use crate::domain::image::{Digest, ImageRef};
use crate::domain::maintenance::Shut;
use crate::domain::plan::act::{Published, Traffic};
use crate::domain::quantity::Bytes;
use crate::domain::release::lock::Holder;
use crate::domain::release::{Release, ReleaseNumber, ReleaseOutcome};
use crate::domain::run::RunId;
use crate::domain::time::Timestamp;

/// How an app stands.
#[derive(Clone, Debug)]
pub struct AppFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// By server; why where it could not be read.
    pub servers: BTreeMap<ServerId, Result<ServerFacts, Failure>>,
    /// When the last good backup of each of its datastores was taken; `None` where there is none.
    pub backups: BTreeMap<DatastoreId, Result<Option<Timestamp>, Failure>>,
    /// The Compose file here that a deploy sends, where it does; why where it could not be read.
    pub sent: Option<Result<SentFile, Failure>>,
    /// The environment file here that a deploy sends, likewise.
    pub env: Option<Result<SentFile, Failure>>,
    /// Its own checks, where it is deployed or goes back.
    pub checks: Vec<CheckFacts>,
}

/// A check of an app, before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFacts {
    /// Which.
    pub check: OwnCheck,
    /// What it said.
    pub answer: Answer,
}

/// A file here that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// Its path.
    pub from: String,
    /// SHA-256 of it, in hex.
    pub digest: String,
}

/// What a server has where a sent file is to go.
#[derive(Clone, Debug, Default)]
pub struct Replaced {
    /// Whether the app's folder has to be made.
    pub absent: bool,
    /// SHA-256 of the Compose file there; `None` where there is none.
    pub there: Option<String>,
    /// SHA-256 of the file that the current release was made of.
    pub released: Option<String>,
    /// What Compose makes of the file there, over the same images; `None` where it does not take it.
    pub rendered: Option<Compose>,
    /// The files beside it that the sent one refers to.
    pub needs: Vec<Need>,
}

/// What a server has where a sent environment file is to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplacedEnv {
    /// SHA-256 of what is sent; `None` where nothing is, since nothing is deployed.
    pub sent: Option<String>,
    /// SHA-256 of the file there; `None` where there is none.
    pub there: Option<String>,
    /// SHA-256 of the file that the current release was made of.
    pub released: Option<String>,
    /// Whether the Compose file hands the very file to a service, which reads it from the server's disk.
    pub read_by_services: bool,
}

/// A file or folder that a sent Compose file refers to, beside itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its path on the server.
    pub path: String,
    /// What refers to it.
    pub by: String,
    /// Whether the server has it.
    pub there: bool,
    /// Whether it is here, beside the file that is sent.
    pub here: bool,
    /// Whether a container makes an empty folder of it where it is missing.
    pub made: bool,
}

/// How an app stands on one server.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// Whether its folder can be written to.
    pub writable: Result<(), String>,
    /// Room in the app's folder; `None` where it is not known.
    pub room: Option<Bytes>,
    /// Room for images; `None` where it is not known.
    pub free: Option<Bytes>,
    /// The TCP ports on which something listens; `None` where that could not be told.
    pub listening: Option<Vec<u16>>,
    /// How far the server's clock is from the console's.
    pub clock_off: Option<Duration>,
    /// Who holds the lock.
    pub lock: Option<Held>,
    /// The ledger, oldest first.
    pub releases: Vec<Release>,
    /// The release that is said to be in place.
    pub current: Option<ReleaseNumber>,
    /// How many containers services were scaled to, where that is not what the Compose file says.
    pub scale: BTreeMap<String, u16>,
    /// Runs without an end.
    pub unfinished: Vec<RunId>,
    /// The services of the Compose file, or why Compose does not take it.
    pub services: Result<BTreeMap<String, ServiceFacts>, Failure>,
    /// The containers of the project.
    pub running: Vec<Running>,
    /// The images that the release in question is pinned to, by service, seen from this server.
    pub images: BTreeMap<String, Result<Resolved, Failure>>,
    /// The release in question as Compose renders it.
    pub rendered: Option<Result<Rendered, Failure>>,
    /// The current release as it was rendered.
    pub before: Option<Compose>,
    /// What is known of the proxy, where the app has one.
    pub proxy: Option<ProxyFacts>,
    /// What its access log told of late; `None` where none is read.
    pub traffic: Option<Result<Traffic, Failure>>,
    /// What is where a sent Compose file is to go, where one is sent.
    pub sent: Option<Replaced>,
    /// What is where a sent environment file is to go, where one is sent.
    pub env: Option<ReplacedEnv>,
}

/// The proxy before an app, on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyFacts {
    /// What stands in its file; why where it cannot be read. Of an app in maintenance what stands there
    /// otherwise.
    pub text: Result<String, String>,
    /// The file as it is, where the app is in maintenance.
    pub shut: Option<Shut>,
    /// Whether the file can be replaced.
    pub writable: Result<(), String>,
    /// What the test of its configuration says now.
    pub tested: Result<(), String>,
    /// Whether the server's kernel gives the connections that a closing listener has not taken to the one
    /// that listens beside it (`net.ipv4.tcp_migrate_req`, of Linux 5.14); `None` where that is not known.
    pub migrates: Option<bool>,
}

/// A lock that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// By a run of midwatch's.
    By(Holder),
    /// By something that cannot be read; this is how it begins.
    Unreadable(String),
}

/// A service as the Compose file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its image, as written; `None` where it is built.
    pub image: Option<String>,
    /// How many containers it is to have.
    pub containers: u16,
    /// Compose's hash of its configuration.
    pub hash: String,
    /// Ports it wants on the server, with the address.
    pub ports: Vec<String>,
    /// Whether the file gives its container a name, so that there can be one only.
    pub named: bool,
}

/// A container of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub id: ContainerId,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// The image as it was asked for.
    pub image: String,
    /// The image's digest, where a registry gave it one.
    pub digest: Option<Digest>,
    /// Compose's hash of the configuration it was made with.
    pub hash: String,
    /// What it does.
    pub state: ContainerState,
    /// What its health check says.
    pub health: ContainerHealth,
    /// Its TCP ports on the server.
    pub ports: Vec<Published>,
}

/// An image that a registry knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// As it was asked for, pinned.
    pub image: ImageRef,
    /// Whether it is on the server already.
    pub present: bool,
}

/// What Compose made of the app's file over the new images.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// SHA-256 of it, in hex.
    pub digest: String,
    /// Compose's hashes of its services.
    pub hashes: BTreeMap<String, String>,
    /// The hash of the service behind the proxy with each of the ports that it may have on the server;
    /// empty where it has none of its own.
    pub behind: BTreeMap<u16, String>,
    /// The hashes of the file that it was made of, without the pins: what was started by hand has them. Of
    /// an earlier release only where that records what ran.
    pub unpinned: BTreeMap<String, String>,
    /// The whole.
    pub compose: Compose,
}

/// A rendered Compose file. It may hold secrets and is never printed.
#[derive(Clone, PartialEq)]
pub struct Compose(pub Value);

impl fmt::Debug for Compose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compose(…)")
    }
}

impl ServerFacts {
    /// How the app is in maintenance there, where it is.
    pub fn maintenance(&self) -> Option<&Shut> {
        self.proxy.as_ref()?.shut.as_ref()
    }

    /// The containers of a service that are not one-offs.
    pub fn containers_of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Running> {
        self.running.iter().filter(move |container| container.service == service)
    }

    /// The releases that are known to be good, other than the current one.
    pub fn good_ones(&self) -> impl Iterator<Item = ReleaseNumber> {
        let good = |it: &&Release| it.outcome == ReleaseOutcome::Good && Some(it.number) != self.current;
        self.releases.iter().filter(good).map(|release| release.number)
    }
}

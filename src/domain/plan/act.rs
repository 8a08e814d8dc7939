//! What a step does: the engine has one performer for each, and `shell` says what a person would
//! type instead.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::expected::{Expected, Published};
pub use super::traffic::{Level, Traffic};
use super::units::UnitsAct;
use crate::domain::assertion::Assertion;
use crate::domain::checking::AppCheck;
use crate::domain::datastore::Source;
use crate::domain::deploy::HttpProbe;
use crate::domain::ids::{DatastoreId, RepositoryId};
use crate::domain::image::ImageRef;
use crate::domain::only::Only;
use crate::domain::origin::Origin;
use crate::domain::plan::maintain::Maintain;
use crate::domain::plan::rewind::Rewind;
use crate::domain::quantity::Bytes;
use crate::domain::release::ReleaseNumber;

/// What a step does on its server, in the app's folder there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Act {
    /// Writes a release's own Compose file: the app's file over these images, rendered by Compose.
    /// Refused where the result is not the one that the plan was made of.
    Render {
        /// Which release.
        release: ReleaseNumber,
        /// The images by service.
        pins: BTreeMap<String, ImageRef>,
        /// SHA-256 of what Compose rendered when the plan was made, in hex; `None` for what runs already,
        /// which the plan does not show.
        expects: Option<String>,
        /// Whether it tells of what runs already, so that there is something to go back to.
        adopts: bool,
        /// Whether it is made of the file that was sent, and not of the one on the server.
        #[serde(default, skip_serializing_if = "is_false")]
        sent: bool,
        /// Whether its environment is of the file that was sent, likewise.
        #[serde(default, skip_serializing_if = "is_false")]
        env: bool,
    },
    /// Writes the Compose file or the environment file that is sent into a release's folder, for its owner
    /// alone to read. Refused where the file here is not the
    /// one that the plan was made of.
    Send {
        /// Which release.
        release: ReleaseNumber,
        /// The file here.
        from: String,
        /// SHA-256 of it, in hex.
        digest: String,
        /// Whether it is the environment file.
        #[serde(default, skip_serializing_if = "is_false")]
        env: bool,
    },
    /// Puts the Compose file or the environment file of a release in the place of the app's own, where that is still as it was
    /// when the plan was made; what stood there is kept beside the release.
    Place {
        /// Which release.
        release: ReleaseNumber,
        /// SHA-256 of the file that is there, in hex; `None` for none.
        over: Option<String>,
        /// Whether it is the environment file.
        #[serde(default, skip_serializing_if = "is_false")]
        env: bool,
    },
    /// Brings an image onto the server; nothing where it is there.
    Pull {
        /// Which, pinned.
        image: ImageRef,
    },
    /// Applies a release to these services.
    Up {
        /// Which release.
        release: ReleaseNumber,
        /// The services; others are left alone.
        services: Vec<String>,
        /// The containers that are replaced, by their ids when the plan was made: where others run by
        /// now, somebody was quicker.
        replaces: Vec<String>,
        /// Services that take another port of the server than the release's file says.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        ports: BTreeMap<String, Published>,
        /// Services that have another number of containers than the release's file says.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        scale: BTreeMap<String, u16>,
    },
    /// Gives a service so many containers, leaving those alone that stay, and writes the number down, so
    /// that the deploys after keep it.
    Scale {
        /// The release whose file is applied; the app's own where there is none.
        release: Option<ReleaseNumber>,
        /// The service.
        service: String,
        /// How many.
        containers: u16,
        /// Whether the number is written down; otherwise the file's own counts again.
        keep: bool,
        /// The containers that are there, by their ids: where others run by now, somebody was quicker.
        /// Empty where that does not matter.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        known: Vec<String>,
    },
    /// Makes containers of a release beside those of the one before, which go on serving.
    Beside {
        /// Which release.
        release: ReleaseNumber,
        /// The service.
        service: String,
        /// The names that Compose gives them.
        names: Vec<String>,
        /// The containers that are there, by their ids: where others run by now, somebody was quicker.
        beside: Vec<String>,
        /// The port of the server's loopback address that they take, where the proxy asks there.
        port: Option<Published>,
    },
    /// Writes the file that tells the proxy where requests go, has it tested, and has the proxy read it
    /// again; the file as it was is put back where the proxy refuses it.
    Route {
        /// The file.
        file: String,
        /// What is to stand in it.
        text: String,
        /// The command that tests the proxy's configuration; empty for none.
        test: Vec<String>,
        /// The command that makes the proxy read it again; empty where it does so by itself.
        reload: Vec<String>,
        /// How long the proxy may go on as before.
        settles: Duration,
        /// Nothing is done where none of these addresses stands in the file; always where empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        instead_of: Vec<String>,
    },
    /// Has the proxy tell visitors that the app is in maintenance, or send them to it again, and sees that
    /// they get that; the file as it was is put back where the proxy refuses it.
    Maintain(Box<Maintain>),
    /// Stops and removes containers that get no requests any more.
    Retire {
        /// By id or name; those that are not there any more are passed over.
        containers: Vec<String>,
        /// How long what is under way in them may take before.
        drain: Duration,
    },
    /// Asks the new containers beside the old ones, and goes no further where the new ones do worse.
    Compare {
        /// The release that is judged, to which the last lines of what fails are attached.
        release: ReleaseNumber,
        /// The service.
        service: String,
        /// The new ones' names.
        new: Vec<String>,
        /// The old ones' names.
        old: Vec<String>,
        /// The port in them.
        port: u16,
        /// The path that is asked for.
        path: String,
        /// How long.
        window: Duration,
    },
    /// Waits until these services are good.
    Gate {
        /// The release that they are of, to which the last lines of what fails are attached.
        release: Option<ReleaseNumber>,
        /// The services.
        services: Vec<Expected>,
        /// How long a container without a health check has to stay up.
        steady: Duration,
        /// What such a container is asked in the place of that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probe: Option<HttpProbe>,
    },
    /// Waits until these checks of the app are up.
    Checks {
        /// The release that is judged, to which the last lines of this service are attached.
        release: ReleaseNumber,
        /// The service.
        service: String,
        /// Its containers' names; empty for all of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        /// Which.
        checks: Vec<AppCheck>,
    },
    /// Makes a release the current one.
    Point {
        /// Which release.
        release: ReleaseNumber,
        /// Migrations that went with the data, or came back with them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        carried: Vec<Carried>,
    },
    /// Stops the containers of these services that run; they stay stopped until they are started.
    Halt {
        /// Which.
        services: Vec<String>,
    },
    /// Keeps the images of releases from being pruned, by a name of their own, and lets go of others.
    Keep {
        /// The images by the names that keep them.
        keep: BTreeMap<String, ImageRef>,
        /// Names that are not kept any longer; an image that no other name of ours keeps and no container
        /// has goes with them.
        drop: Vec<String>,
    },
    /// A command of the operator's, by the server's shell in the app's folder; once.
    Hook {
        /// Its words.
        command: Vec<String>,
    },
    /// A command of the operator's on the machine of the console that carries the plan out, without a
    /// shell; once for the app. That it was begun, where, and how it ended is written down on the server
    /// that it stands with.
    Here {
        /// Its words.
        command: Vec<String>,
        /// The folder in which it runs.
        folder: String,
        /// What it finds in its environment, beside the console's own.
        env: BTreeMap<String, String>,
    },
    /// A command in a container of a release's image; once.
    Migrate {
        /// Whose image.
        release: ReleaseNumber,
        /// The service.
        service: String,
        /// The arguments.
        command: Vec<String>,
        /// Which of the release's migrations it is, and which way.
        migration: Migrating,
    },
    /// Compares for a while with how it was before.
    Watch {
        /// The release that they are of, likewise.
        release: Option<ReleaseNumber>,
        /// The services.
        services: Vec<Expected>,
        /// How long.
        window: Duration,
        /// The access log that is read beside, with what it told before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        traffic: Option<Traffic>,
        /// What containers without a health check are asked meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        probe: Option<HttpProbe>,
        /// The checks of the app that are asked meanwhile.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checks: Vec<AppCheck>,
    },
    /// Backs a datastore up: what is read of it streams into a repository on the console's machine, is
    /// read back and compared, and only then becomes a backup. Nothing is written on the server.
    BackUp {
        /// Which.
        datastore: DatastoreId,
        /// What it is, and how it is read.
        source: Source,
        /// Where to.
        repository: RepositoryId,
        /// Whether the repository is made, where it is not there.
        makes: bool,
        /// How much there is to read, about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Bytes>,
        /// Whether whoever reads a PostgreSQL server may read the roles' passwords too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        role_passwords: bool,
        /// The release of the app that the data belongs to: `shop/12`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<String>,
        /// Whether it is one of all that an app has: the run's name is the set's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        set: bool,
    },
    /// Takes backups that nothing keeps out of a repository. What they alone held stays until it is pruned.
    Forget {
        /// Which repository.
        repository: RepositoryId,
        /// The snapshots' ids.
        backups: Vec<String>,
    },
    /// Frees the room of what no backup has. Refused where more would go than the plan showed.
    Prune {
        /// Which repository.
        repository: RepositoryId,
        /// How much goes, about: what no backup needs once those of the plan are forgotten.
        frees: Bytes,
    },
    /// Looks a repository through for damage; nothing is changed.
    CheckRepository {
        /// Which.
        repository: RepositoryId,
        /// Whether all that is stored is read, and not its structure alone.
        read_data: bool,
    },
    /// Takes locks out of a repository.
    Unlock {
        /// Which repository.
        repository: RepositoryId,
        /// The locks' names; those that are not there any more are passed over.
        locks: Vec<String>,
    },
    /// Lets another password open a repository.
    AddKey {
        /// Which repository.
        repository: RepositoryId,
        /// Where that password comes from: `file:PATH`, `env:NAME`, `command:WORDS` or `keyring:SERVICE/USER`.
        secret: String,
    },
    /// Makes a database, a volume or a folder, and brings a backup back into it; of Redis, puts its file
    /// on the server. What stands is not touched.
    Load {
        /// Of which datastore: whose password is needed.
        datastore: DatastoreId,
        /// How its server is reached.
        source: Source,
        /// Where the backup is.
        repository: RepositoryId,
        /// Its snapshot's id.
        backup: String,
        /// How much there is to read.
        about: Bytes,
        /// The new database; of the other kinds, the name that [`beside`](crate::domain::beside) gave.
        into: String,
        /// The datastore that the backup is of, where it is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Origin>,
        /// What of it is brought.
        #[serde(default, skip_serializing_if = "Only::is_all")]
        only: Only,
    },
    /// Makes of another datastore's data, which were brought back beside, what may be shown, by a command of
    /// the operator's on the server; once. What stands is not named to it. One that fails, or that takes
    /// longer than it may, is the end of the run: what was brought goes.
    Mask {
        /// Of which datastore.
        datastore: DatastoreId,
        /// How its server is reached.
        source: Source,
        /// What was restored, by its name.
        of: String,
        /// The datastore that the backup is of.
        from: DatastoreId,
        /// The program and its arguments.
        command: Vec<String>,
        /// How long it may take.
        deadline: Duration,
    },
    /// Compares what was brought back with what stands; nothing is changed. Nothing in it where something
    /// stands is a failure.
    CompareData {
        /// Of which datastore.
        datastore: DatastoreId,
        /// How its server is reached; its database is what stands.
        source: Source,
        /// What was restored, by its name.
        with: String,
        /// What of both is compared.
        #[serde(default, skip_serializing_if = "Only::is_all")]
        only: Only,
    },
    /// Asks what was restored what it has to answer; it is only read.
    Assert {
        /// Of which datastore.
        datastore: DatastoreId,
        /// How its server is reached.
        source: Source,
        /// What was restored, by its name.
        of: String,
        /// What has to hold.
        assertions: Vec<Assertion>,
        /// Whether PostgreSQL's own program looks at its tables and indexes too, where it is there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        amcheck: bool,
    },
    /// Puts what was restored in the place of what stands, whole or not at all. Databases change their
    /// names, and who is connected to either is disconnected; volumes and files are renamed below theirs;
    /// Redis takes the data by replication.
    Swap {
        /// Of which datastore.
        datastore: DatastoreId,
        /// How its server is reached; its database's name is that which is given.
        source: Source,
        /// The database that takes the name.
        from: String,
        /// What the one that has the name is called from then on; `None` where there is none.
        aside: Option<String>,
        /// Containers that are stopped before, and started and waited for after.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stops: Vec<String>,
    },
    /// Takes back what [`Act::Load`] and [`Act::Swap`] did, whatever of it was done: what was swapped is
    /// swapped back, and stays beside; what was only restored is dropped.
    Unswap {
        /// Of which datastore.
        datastore: DatastoreId,
        /// How its server is reached.
        source: Source,
        /// The database that was restored.
        from: String,
        /// What the one that stood before is called, where it was swapped.
        aside: Option<String>,
        /// Whether it is dropped where it was not swapped.
        drops: bool,
        /// Containers that are stopped before, and started and waited for after.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stops: Vec<String>,
    },
    /// Drops what restores left, by its names; what is not there any more is passed over.
    DropDatabases {
        /// Of which datastore.
        datastore: DatastoreId,
        /// How its server is reached.
        source: Source,
        /// Their names.
        databases: Vec<String>,
    },
    /// Something done to bring a PostgreSQL server back to a moment, beside the one that stands.
    Rewind(Box<Rewind>),
    /// Something done with systemd's units of ours.
    Units {
        /// What.
        act: UnitsAct,
    },
    /// `docker compose` with these words (restart, stop, start).
    Compose {
        /// The words.
        words: Vec<String>,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(it: &bool) -> bool {
    !*it
}

/// A migration that is in the data no longer, or is again, since the data were exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The release that it ran for.
    pub release: ReleaseNumber,
    /// Its name.
    pub name: String,
    /// Whether it is gone.
    pub taken_back: bool,
}

/// What becomes of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Migrating {
    /// It is applied; this takes it back.
    Up {
        /// Its name.
        name: String,
        /// The arguments that take it back, where there are any.
        down: Option<Vec<String>>,
    },
    /// It is taken back.
    Down {
        /// Its name.
        name: String,
    },
}

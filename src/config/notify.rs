//! `[notify.NAME]`: who is told of runs, when, and by what way.

use std::path::PathBuf;

use lettre::message::Mailbox;

use super::amounts::Port;
use super::mistake::Mistake;
use super::secret::Secret;
use super::secret_source::PerhapsSecret;
use super::table::Table;
use super::words::words;
use crate::domain::ids::{AppId, EnvironmentId};
use crate::domain::notice::Occasion;
use crate::domain::plan::Operation;

words! {
    /// By what way.
    KindWord {
        /// A Slack incoming webhook.
        Slack = "slack",
        /// A Discord webhook.
        Discord = "discord",
        /// Anything that takes JSON.
        Webhook = "webhook",
        /// E-mail.
        Smtp = "smtp",
    }
}

words! {
    /// When it is told.
    EventWord {
        /// At the begin.
        Started = "started",
        /// It waits for a second person.
        Waiting = "waiting",
        /// It went well.
        Done = "done",
        /// It did not.
        Failed = "failed",
        /// The release before is in place again.
        RolledBack = "rolled-back",
    }
}

words! {
    /// Of which kinds of change.
    OperationWord {
        /// A new release.
        Deploy = "deploy",
        /// An earlier one.
        Rollback = "rollback",
        /// A restart.
        Restart = "restart",
        /// A stop.
        Stop = "stop",
        /// A start.
        Start = "start",
        /// Another number of containers.
        Scale = "scale",
        /// Images brought onto the servers.
        Pull = "pull",
        /// Maintenance, on or off.
        Maintenance = "maintenance",
        /// A backup of a datastore.
        Backup = "backup",
        /// A restore of one.
        Restore = "restore",
        /// A restore undone.
        Undo = "undo",
        /// A restore rehearsed.
        Drill = "drill",
        /// What nothing keeps, taken out of a repository.
        Prune = "prune",
        /// A repository looked through.
        RepoCheck = "repo-check",
    }
}

words! {
    /// How the connection to a mail server is encrypted.
    MailTls {
        /// From the first byte (usually port 465).
        Tls = "tls",
        /// After a greeting (usually port 587); without it nothing is sent.
        Starttls = "starttls",
        /// Not at all.
        None = "none",
    }
}

/// Who is told.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifyConfig {
    /// By what way.
    pub way: NotifyWay,
    /// When.
    pub events: Vec<Occasion>,
    /// Of which kinds of change.
    pub operations: Vec<Operation>,
    /// Of which apps; empty for all.
    pub apps: Vec<AppId>,
    /// Of apps in which environments; empty for all.
    pub environments: Vec<EnvironmentId>,
    /// Certificates to trust besides the system's, a PEM file.
    pub ca: Option<PathBuf>,
}

/// By what way, and what it needs.
#[derive(Clone, Debug, PartialEq)]
pub enum NotifyWay {
    /// A Slack incoming webhook at this address.
    Slack(Secret),
    /// A Discord webhook at this address.
    Discord(Secret),
    /// A `POST` of JSON to this address.
    Webhook {
        /// The address.
        url: Secret,
        /// A bearer token.
        token: Option<Secret>,
    },
    /// E-mail.
    Mail(MailConfig),
}

impl NotifyWay {
    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Slack(_) => KindWord::Slack.word(),
            Self::Discord(_) => KindWord::Discord.word(),
            Self::Webhook { .. } => KindWord::Webhook.word(),
            Self::Mail(_) => KindWord::Smtp.word(),
        }
    }
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct MailConfig {
    /// The mail server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// The sender.
    pub from: Mailbox,
    /// The receivers.
    pub to: Vec<Mailbox>,
}

impl NotifyConfig {
    /// Whether it wants to be told of this.
    pub fn wants(&self, app: &AppId, environment: Option<&EnvironmentId>, operation: Operation) -> bool {
        let apps = self.apps.is_empty() || self.apps.contains(app);
        let environments =
            self.environments.is_empty() || environment.is_some_and(|it| self.environments.contains(it));
        apps && environments && self.operations.contains(&operation)
    }

    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        use EventWord as E;
        use OperationWord as O;
        let kind: Option<KindWord> = t.need("kind");
        let url: Option<PerhapsSecret> = t.opt("url");
        let token: Option<Secret> = t.opt("token");
        let mail = mail(t);
        let events = t.or("events", vec![E::Started, E::Waiting, E::Done, E::Failed, E::RolledBack]);
        let operations = t.or("operations", vec![O::Deploy, O::Rollback]);
        let apps = t.opt("apps").unwrap_or_default();
        let environments = t.opt("environments").unwrap_or_default();
        let ca = t.opt("ca");
        let kind = kind?;
        let strange: &[&str] = match kind {
            KindWord::Slack | KindWord::Discord => {
                &["token", "host", "port", "tls", "user", "password", "from", "to"]
            }
            KindWord::Webhook => &["host", "port", "tls", "user", "password", "from", "to"],
            KindWord::Smtp => &["url", "token"],
        };
        for key in strange.iter().filter(|key| t.has(key)) {
            t.report(Mistake::error(
                t.span_of(key),
                format!("`{key}` is nothing for kind \"{}\"", kind.word()),
            ));
        }
        let way = if kind == KindWord::Smtp {
            NotifyWay::Mail(mail.or_else(|| {
                // One that is there and wrong was reported already.
                if !["host", "from", "to"].iter().all(|key| t.has(key)) {
                    missing(t, "an e-mail needs `host`, `from` and `to`");
                }
                None
            })?)
        } else {
            let url = url.or_else(|| {
                missing(t, "it needs `url`");
                None
            })?;
            // Whoever has the address of one of theirs can write there; one's own has a token.
            if let (Some(span), true) = (url.literal, kind != KindWord::Webhook) {
                t.walk().literal_secret(span);
            }
            let url = url.secret;
            match kind {
                KindWord::Slack => NotifyWay::Slack(url),
                KindWord::Discord => NotifyWay::Discord(url),
                KindWord::Webhook | KindWord::Smtp => NotifyWay::Webhook { url, token },
            }
        };
        let events = events.into_iter().map(|it| match it {
            E::Started => Occasion::Started,
            E::Waiting => Occasion::Waiting,
            E::Done => Occasion::Done,
            E::Failed => Occasion::Failed,
            E::RolledBack => Occasion::RolledBack,
        });
        let operations = operations.into_iter().map(|it| match it {
            O::Deploy => Operation::Deploy,
            O::Rollback => Operation::Rollback,
            O::Restart => Operation::Restart,
            O::Stop => Operation::Stop,
            O::Start => Operation::Start,
            O::Scale => Operation::Scale,
            O::Pull => Operation::Pull,
            O::Maintenance => Operation::Maintenance,
            O::Backup => Operation::Backup,
            O::Restore => Operation::Restore,
            O::Undo => Operation::Undo,
            O::Drill => Operation::Drill,
            O::Prune => Operation::Prune,
            O::RepoCheck => Operation::RepoCheck,
        });
        let (events, operations) = (events.collect(), operations.collect());
        Some(Self { way, events, operations, apps, environments, ca })
    }
}

fn missing(t: &Table<'_>, what: &str) {
    if !t.walk().is_catalog() {
        t.report(Mistake::error(t.span(), what.to_owned()).label(format!("in {}", t.title())));
    }
}

fn mail(t: &mut Table<'_>) -> Option<MailConfig> {
    let host: Option<String> = t.opt("host");
    let port: Option<Port> = t.opt("port");
    let tls = t.or("tls", MailTls::Starttls);
    let user: Option<String> = t.opt("user");
    let password: Option<Secret> = t.opt("password");
    let from: Option<String> = t.opt("from");
    let to: Option<Vec<String>> = t.opt("to");
    if user.is_some() != password.is_some() {
        t.report(Mistake::error(t.span(), "`user` and `password` belong together"));
    }
    let usual = match tls {
        MailTls::Tls => 465,
        MailTls::Starttls => 587,
        MailTls::None => 25,
    };
    let from = mailbox(t, "from", &from?);
    let to: Option<Vec<Mailbox>> = to?.iter().map(|it| mailbox(t, "to", it)).collect();
    Some(MailConfig {
        host: host?,
        port: port.map_or(usual, Port::get),
        tls,
        login: user.zip(password),
        from: from?,
        to: to.filter(|all| !all.is_empty())?,
    })
}

fn mailbox(t: &Table<'_>, key: &str, text: &str) -> Option<Mailbox> {
    let read = text.parse().ok();
    if read.is_none() {
        t.report(
            Mistake::error(t.span_of(key), "this is no e-mail address")
                .help("\"ops@acme.example\" or \"Acme Operations <ops@acme.example>\""),
        );
    }
    read
}

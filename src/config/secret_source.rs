//! How a secret's source is written in a configuration, and taking down where the secret itself
//! stands in it.

use std::path::PathBuf;

use toml::de::DeValue;

use super::argv::Argv;
use super::mistake::{Mistake, Span};
use super::secret::Secret;
use super::table::Table;
use super::value::{Read, Value};

impl Read for Secret {
    fn expects() -> String {
        "a secret: { env = … }, { file = … }, { keyring = \"service/user\" }, { command = […] } or a string"
            .to_owned()
    }

    fn read(value: Value<'_>) -> Option<Self> {
        let (secret, literal) = read_source(value)?;
        if let Some(span) = literal {
            value.walk.literal_secret(span);
        }
        Some(secret)
    }

    fn show(&self) -> String {
        "\"…\"".to_owned()
    }
}

/// A text that is a secret only under some names, such as a header's.
pub(super) struct PerhapsSecret {
    pub(super) secret: Secret,
    pub(super) literal: Option<Span>,
}

impl Read for PerhapsSecret {
    fn expects() -> String {
        "a string, or a secret's source".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        read_source(value).map(|(secret, literal)| Self { secret, literal })
    }
    fn show(&self) -> String {
        self.secret.show()
    }
}

/// The source, and the place of the text where it stands in the configuration itself.
fn read_source(value: Value<'_>) -> Option<(Secret, Option<Span>)> {
    match value.raw.get_ref() {
        DeValue::String(text) if text.is_empty() => {
            value.bad(Mistake::error(value.span(), "an empty string is not a secret"));
            None
        }
        DeValue::String(text) => Some((Secret::Literal(text.to_string().into()), Some(value.span()))),
        DeValue::Table(entries) => {
            let mut t = Table::inline(value.walk, entries, value.span(), "the secret");
            let secret = read_table(&mut t);
            t.finish();
            secret.map(|secret| (secret, None))
        }
        _ => {
            // Whatever it is, it may be the secret itself.
            value.walk.literal_secret(value.span());
            value.wrong(&Secret::expects());
            None
        }
    }
}

fn read_table(t: &mut Table<'_>) -> Option<Secret> {
    let sources = ["env", "file", "keyring", "command"];
    let given: Vec<_> = sources.into_iter().filter(|key| t.has(key)).collect();
    let found = [
        t.opt::<String>("env").map(Secret::Env),
        t.opt::<PathBuf>("file").map(Secret::File),
        t.opt::<Entry>("keyring").map(|Entry { service, user }| Secret::Keyring { service, user }),
        t.opt::<Argv>("command").map(|argv| Secret::Command(argv.0)),
    ];
    if given.len() > 1 {
        t.report(
            Mistake::error(t.span(), "a secret has one source").label(format!("has {}", given.join(" and "))),
        );
        return None;
    }
    if given.is_empty() {
        t.report(Mistake::error(t.span(), "a secret needs a source").help(Secret::expects()));
    }
    found.into_iter().flatten().next()
}

/// `service/user`.
struct Entry {
    service: String,
    user: String,
}

impl Read for Entry {
    fn expects() -> String {
        "\"service/user\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        match text.rsplit_once('/') {
            Some((service, user)) if !service.is_empty() && !user.is_empty() => {
                Some(Self { service: service.to_owned(), user: user.to_owned() })
            }
            _ => {
                value.bad(Mistake::error(value.span(), "a keyring entry is named \"service/user\""));
                None
            }
        }
    }
    fn show(&self) -> String {
        super::value::quoted(&format!("{}/{}", self.service, self.user))
    }
}

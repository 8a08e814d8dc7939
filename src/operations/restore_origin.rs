//! A backup of another datastore: whether it may come here at all, what has to be done with it before, and what
//! is looked at for it.

use super::datastore_facts::Stock;
use super::findings::Findings;
use super::restore_facts::RestoreFacts;
use crate::domain::beside::called;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::EnvironmentId;
use crate::domain::origin::Origin;
use crate::domain::shell::line;

/// The datastore that a backup comes from, with what its repository holds.
#[derive(Clone, Debug)]
pub struct Other {
    /// Which.
    pub spec: DatastoreSpec,
    /// What is in its repository.
    pub stock: Result<Stock, Failure>,
}

/// Fails where a backup of `from` cannot be one for `spec`, whatever either holds.
pub fn comes(spec: &DatastoreSpec, from: &DatastoreSpec) -> Result<(), Failure> {
    let failed = |kind, why: String| Failure::new(kind, format!("restore {} from {}", spec.id, from.id), why);
    if spec.id == from.id {
        let failure = failed(FailureKind::Invalid, "they are the same".to_owned());
        return Err(failure.hint("its own backups need no --from"));
    }
    let (here, there) = (spec.source.kind(), from.source.kind());
    if here != there {
        let why = format!("{} is of kind \"{there}\", {} of kind \"{here}\"", from.id, spec.id);
        return Err(failed(FailureKind::Unsupported, why));
    }
    if let (Source::Files { paths: here, .. }, Source::Files { paths: there, .. }) =
        (&spec.source, &from.source)
        && here.len() != there.len()
    {
        let why = format!("{} has {} paths, {} has {}", from.id, there.len(), spec.id, here.len());
        return Err(failed(FailureKind::Unsupported, why)
            .hint("each takes the place of the one that stands where it does in its list"));
    }
    Ok(())
}

/// What a plan says of it.
pub(super) fn origin(from: &DatastoreSpec) -> Origin {
    let paths = match &from.source {
        Source::Files { paths, .. } => paths.clone(),
        _ => Vec::new(),
    };
    Origin { datastore: from.id.clone(), paths }
}

/// An environment, for the reader.
fn named(environment: Option<&EnvironmentId>) -> String {
    environment.map_or_else(|| "no environment".to_owned(), EnvironmentId::to_string)
}

impl Findings<'_> {
    /// What is to be known of a backup that comes from another datastore. `into` is what it is called here.
    pub(super) fn origin(&mut self, from: &DatastoreSpec, into: &str) {
        let spec = self.spec;
        let (here, there) = (named(spec.environment.as_ref()), named(from.environment.as_ref()));
        let what = format!("{}, {} on {}", from.id, from.source.describe(), from.server);
        self.note("origin", format!("the backup is of {what}, in {there}"));
        if let (Source::Files { paths: to, .. }, Source::Files { paths, .. }) = (&spec.source, &from.source)
            && to != paths
        {
            let pairs: Vec<String> =
                paths.iter().zip(to).map(|(from, to)| format!("{from} is {to} here")).collect();
            self.note("paths", pairs.join(", "));
        }
        let crosses = spec.environment != from.environment;
        if crosses && spec.production {
            let found = format!("data of {there} would stand in {here}");
            self.refuse("environment", found, "what stands in production comes from production alone", false);
            return;
        }
        match &spec.mask {
            Some(mask) => {
                let it = called(&spec.source, into);
                self.good("mask", format!("{it} is masked before anything else: {}", line(&mask.command)));
                let is = |word: &str| mask.command.iter().any(|it| it.contains(word));
                if spec.source.is_sql() && is("psql") && !is("ON_ERROR_STOP") {
                    let found =
                        "psql goes on after a statement that failed; that is looked for in what it says";
                    self.note("mask", format!("{found}: -v ON_ERROR_STOP=1 ends it there"));
                }
            }
            None if crosses => {
                let found =
                    format!("data of {there} would stand in {here} as they are: {} has no mask", spec.id);
                let remedy = format!("[datastores.{}] `mask`", spec.id);
                self.refuse("mask", found, &remedy, true);
            }
            None => self.note("mask", format!("{} has none: they come as they are", spec.id)),
        }
    }

    /// Whether what stands can be made safe: it goes into the datastore's own repository.
    pub(super) fn safe_place(&mut self, facts: &RestoreFacts) {
        match &facts.stock {
            Ok(stock) if stock.there => {}
            Ok(stock) => {
                let found =
                    format!("what stands cannot be made safe: there is no repository in {}", stock.path);
                let remedy = format!("midwatch backup {} --init", self.spec.id);
                self.refuse("repository", found, &remedy, false);
            }
            Err(failure) => {
                let found = format!("what stands cannot be made safe: {failure}");
                self.refuse("repository", found, "see that its repository can be opened", false);
            }
        }
    }
}

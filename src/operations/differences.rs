//! What differs between two rendered Compose files, as paths. Values that may be secret are told as
//! changed or not, never as what they are.

use serde_json::Value;

use super::facts::Compose;
use crate::domain::ids::ServerId;
use crate::domain::plan::Change;
use crate::domain::redact::Redactor;
use crate::domain::text::{clean, shorten};

/// How much of a value is shown.
const SHOWN: usize = 120;

/// What is otherwise in `new`, by path, under `services` without that word.
pub fn between(server: Option<&ServerId>, old: &Compose, new: &Compose) -> Vec<Change> {
    let mut changes = Vec::new();
    for part in ["services", "networks", "volumes", "configs", "secrets"] {
        let mut path = if part == "services" { Vec::new() } else { vec![part.to_owned()] };
        walk(old.0.get(part), new.0.get(part), &mut path, &mut |path, from, to| {
            changes.push(Change {
                server: server.cloned(),
                what: path.join("."),
                from: from.map(|value| show(path, value)),
                to: to.map(|value| show(path, value)),
            });
        });
    }
    changes
}

/// Those that are of these services; all where there are none.
pub fn only_of(mut changes: Vec<Change>, services: &[String]) -> Vec<Change> {
    let of = |what: &str, name: &String| {
        what.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    changes.retain(|change| services.is_empty() || services.iter().any(|name| of(&change.what, name)));
    changes
}

/// Takes a path, what stood there, and what will.
type Found<'a> = &'a mut dyn FnMut(&[String], Option<&Value>, Option<&Value>);

fn walk(old: Option<&Value>, new: Option<&Value>, path: &mut Vec<String>, found: Found<'_>) {
    let (old, new) = (old.filter(|it| !it.is_null()), new.filter(|it| !it.is_null()));
    if old == new {
        return;
    }
    let entries = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
    match (entries(old), entries(new)) {
        // A whole service that comes or goes is one change.
        (Some(before), Some(after)) => {
            let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                path.push(clean(name).into_owned());
                walk(before.get(name), after.get(name), path, found);
                path.pop();
            }
        }
        _ => found(path, old, new),
    }
}

/// Whether what stands at this path may be secret: environments, build arguments, labels, contents.
fn may_be_secret(path: &[String]) -> bool {
    const NAMES: [&str; 6] = ["environment", "args", "content", "labels", "driver_opts", "annotations"];
    path.iter().any(|part| NAMES.contains(&part.as_str()))
}

fn show(path: &[String], value: &Value) -> String {
    match value {
        _ if may_be_secret(path) => "(not shown)".to_owned(),
        Value::String(text) => plain(text),
        // What is in it may be anything.
        Value::Object(_) => "(as in the file)".to_owned(),
        Value::Array(list) if list.iter().any(Value::is_object) => format!("({} of them)", list.len()),
        other => plain(&other.to_string()),
    }
}

/// A word or a few, for the screen; command lines may hold secrets too.
fn plain(text: &str) -> String {
    let clean = clean(text);
    shorten(&Redactor::default().line(&clean), SHOWN).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_told_as_changed_and_never_as_what_it_is() {
        let old = Compose(
            json!({"services": {"web": {"image": "a:1", "environment": {"KEY": "before", "SAME": "x"}}}}),
        );
        let new = Compose(
            json!({"services": {"web": {"image": "a:2", "environment": {"KEY": "after", "SAME": "x"}}}}),
        );
        let changes = between(None, &old, &new);
        let told: Vec<_> =
            changes.iter().map(|c| (c.what.as_str(), c.from.as_deref(), c.to.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("web.environment.KEY", Some("(not shown)"), Some("(not shown)")),
                ("web.image", Some("a:1"), Some("a:2")),
            ]
        );
        assert!(!format!("{changes:?}{old:?}").contains("before"));
    }

    #[test]
    fn a_service_that_goes_is_one_change() {
        let old =
            Compose(json!({"services": {"web": {"image": "a"}, "job": {"environment": {"A": "s3cret"}}}}));
        let new = Compose(json!({"services": {"web": {"image": "a"}}}));
        let changes = between(None, &old, &new);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].what.as_str(), changes[0].to.as_deref()), ("job", None));
        assert!(!format!("{changes:?}").contains("s3cret"));
    }
}

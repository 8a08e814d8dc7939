//! The engine's answers where one of its words is new to us: a state that a later engine invents
//! must not hide every other container. Such a word is left out, which makes the state unknown.

use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerSummary};
use serde_json::Value;

/// What is read of a container in the list, without the fields that are one of some words.
const LISTED: &[&str] = &["Id", "Names", "Image", "ImageID", "Labels", "Status"];
/// What is read of one that is inspected.
const INSPECTED: &[&str] = &["Id", "Name", "RestartCount", "Image", "State", "Config", "NetworkSettings"];
/// What may hold a new word there, in the order in which it is left out. Without its health check's
/// word a container's state is left out too: it would look as if it had none, and so be well.
const WORDS: &[&[&str]] = &[&[], &["Status"], &["Status", "Health"]];

/// The list, with the state left out of each container whose state makes no sense.
pub(super) fn listed(answer: Result<Vec<ContainerSummary>, Error>) -> Result<Vec<ContainerSummary>, Error> {
    let Err(Error::JsonDataError { contents, .. }) = &answer else { return answer };
    match serde_json::from_str::<Vec<Value>>(contents) {
        Ok(all) => Ok(all.into_iter().filter_map(summary).collect()),
        Err(_) => answer,
    }
}

/// A container, without what makes no sense of its state.
pub(super) fn inspected(
    answer: Result<ContainerInspectResponse, Error>,
) -> Result<ContainerInspectResponse, Error> {
    let Err(Error::JsonDataError { contents, .. }) = &answer else { return answer };
    serde_json::from_str(contents).ok().and_then(container).map_or(answer, Ok)
}

fn summary(mut one: Value) -> Option<ContainerSummary> {
    if let Ok(read) = serde_json::from_value(one.clone()) {
        return Some(read);
    }
    one.as_object_mut()?.retain(|key, _| LISTED.contains(&key.as_str()));
    serde_json::from_value(one).ok()
}

fn container(mut one: Value) -> Option<ContainerInspectResponse> {
    one.as_object_mut()?.retain(|key, _| INSPECTED.contains(&key.as_str()));
    WORDS.iter().find_map(|words| {
        let mut one = one.clone();
        if let Some(state) = one.get_mut("State").and_then(Value::as_object_mut) {
            state.retain(|key, _| !words.contains(&key.as_str()));
        }
        serde_json::from_value(one).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::containers::inspect;
    use crate::domain::container::{ContainerHealth, ContainerState};

    fn answer<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
        serde_json::from_str(text).map_err(|error| Error::JsonDataError {
            message: error.to_string(),
            contents: text.to_owned(),
            column: error.column(),
        })
    }

    #[test]
    fn an_unknown_state_hides_no_other_container() {
        let text = r#"[{"Id": "a1", "Names": ["/a"], "State": "hibernating", "Status": "Up 2 hours (healthy)"},
            {"Id": "b2", "Names": ["/b"], "State": "running"}, 7]"#;
        let read = answer::<Vec<ContainerSummary>>(text);
        assert!(read.is_err(), "the engine's library takes such words by itself: this file can go");
        let states: Vec<_> = listed(read)
            .unwrap()
            .iter()
            .filter_map(inspect::summary)
            .map(|one| (one.name, one.state))
            .collect();
        assert_eq!(
            states,
            [("a".to_owned(), ContainerState::Unknown), ("b".to_owned(), ContainerState::Running)]
        );
    }

    #[test]
    fn an_inspected_container_keeps_all_but_its_unknown_state() {
        let read = |state: &str| {
            let text = format!(r#"{{"Id": "a1", "Name": "/a", "RestartCount": 3, "State": {state}}}"#);
            let (container, _) = inspect::container(inspected(answer(&text)).unwrap()).unwrap();
            (container.state, container.health, container.restarts)
        };
        assert_eq!(
            read(r#"{"Status": "hibernating", "Health": {"Status": "healthy"}}"#),
            (ContainerState::Unknown, ContainerHealth::None, 3)
        );
        assert_eq!(
            read(r#"{"Status": "running", "Health": {"Status": "so-so"}}"#),
            (ContainerState::Unknown, ContainerHealth::None, 3)
        );
        assert_eq!(read(r#"{"Status": "running"}"#), (ContainerState::Running, ContainerHealth::None, 3));
    }

    #[test]
    fn what_is_no_answer_at_all_stays_an_error() {
        assert!(listed(answer(r#"{"message": "no"}"#)).is_err());
        assert!(inspected(answer("[]")).is_err());
    }
}

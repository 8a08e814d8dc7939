//! Whether Compose takes the file.

use super::Subject;
use crate::domain::plan::{Finding, Operation};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if !matches!(it.operation, Operation::Deploy | Operation::Rollback | Operation::Scale | Operation::Pull) {
        return Vec::new();
    }
    let rendered = it.facts.rendered.as_ref().map(|rendered| rendered.as_ref().err());
    let source = it.facts.services.as_ref().err().filter(|_| it.operation != Operation::Rollback);
    let wrong = source.or(rendered.flatten());
    vec![match wrong {
        None => it.good("compose", "Compose takes the file"),
        Some(failure) if failure.is_of_the_way() => it.refused(
            "compose",
            format!("it could not be seen whether Compose takes {}: {}", it.place.file, failure.reason()),
            "plan it again",
        ),
        Some(failure) => it.refused(
            "compose",
            format!("Compose does not take {}: {}", it.place.file, failure.reason()),
            failure.hint.clone().unwrap_or_else(|| {
                let words = crate::domain::plan::shell::compose_source(it.place);
                format!(
                    "see the whole message: cd {} && {} config -q",
                    crate::domain::shell::quote(&it.place.directory),
                    crate::domain::shell::line(words)
                )
            }),
        ),
    }]
}

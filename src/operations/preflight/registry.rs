//! Whether the wanted images can be had on the server.

use super::Subject;
use crate::domain::plan::Finding;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if it.facts.images.is_empty() {
        return Vec::new();
    }
    let bad = it.facts.images.iter().find_map(|(service, image)| Some((service, image.as_ref().err()?)));
    if let Some((service, failure)) = bad {
        let hint = failure.hint.clone();
        return vec![it.refused(
            "registry",
            format!("the image of {service} cannot be had: {}", failure.reason()),
            hint.unwrap_or_else(|| {
                "check the tag, and `docker login` for this user on the server".to_owned()
            }),
        )];
    }
    let here = it.facts.images.values().flatten().filter(|image| image.present).count();
    let found = match it.facts.images.len() {
        all if all == here => "the images are on the server".to_owned(),
        all => format!("the registry has the images; {} to pull", all - here),
    };
    vec![it.good("registry", found)]
}

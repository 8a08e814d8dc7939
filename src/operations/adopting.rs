//! From a Compose project as it stands on its servers to an entry of the configuration, with which it
//! can be deployed as it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::adoption::{Adoption, Entry, Seen};
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::image::ImageRef;

/// Compose file and environment file.
type Files = (String, Option<String>);

/// The entries for a project: one for each place that its files are in, since a deploy looks for them
/// in the same place everywhere.
pub fn adopted(project: &str, seen: BTreeMap<ServerId, Result<Seen, Failure>>) -> Adoption {
    let mut adoption = Adoption::default();
    let mut places: BTreeMap<Files, Vec<(ServerId, Seen)>> = BTreeMap::new();
    for (server, seen) in seen {
        match seen {
            Ok(seen) => {
                adoption.doubts.extend(doubts(&server, &seen));
                let place = (seen.file.clone(), seen.env_file.clone());
                places.entry(place).or_default().push((server, seen));
            }
            Err(failure) => adoption.lost.push((server, failure)),
        }
    }
    // The place that most servers have comes first: it gets the project's own name.
    let mut places: Vec<_> = places.into_iter().collect();
    places.sort_by_key(|(_, on)| std::cmp::Reverse(on.len()));
    let lost = adoption.lost.iter().map(|(server, failure)| not_on(server, failure));
    let mut notes: Vec<String> = lost.collect();
    for ((file, env_file), on) in places {
        let mut entry = entry(project, &on);
        entry.notes.splice(0..0, std::mem::take(&mut notes));
        adoption.entries.push(Entry { compose: Some(file), env_file, ..entry });
    }
    adoption
}

/// An entry for what cannot be deployed: it can be looked at all the same, and says why.
pub fn looked_at(project: &str, lost: &[(ServerId, Failure)]) -> Entry {
    Entry {
        project: project.to_owned(),
        servers: lost.iter().map(|(server, _)| server.clone()).collect(),
        notes: lost.iter().map(|(server, failure)| not_on(server, failure)).collect(),
        ..Entry::default()
    }
}

fn not_on(server: &ServerId, failure: &Failure) -> String {
    format!("It cannot be deployed on {server}: {}.", failure.reason())
}

fn doubts(server: &ServerId, seen: &Seen) -> Vec<String> {
    let mut doubts = Vec::new();
    if let Err(who) = &seen.writable {
        let folder = seen.file.rsplit_once('/').map_or("/", |(folder, _)| folder);
        doubts.push(format!(
            "{server}: {who} may not write to {folder}, where a deploy keeps its releases; it is refused until then"
        ));
    }
    if !seen.differs.is_empty() {
        doubts.push(format!(
            "{server}: what runs of {} is not what {} says now; a deploy would make it anew",
            seen.differs.join(", "),
            seen.file
        ));
    }
    doubts
}

fn entry(project: &str, on: &[(ServerId, Seen)]) -> Entry {
    let (services, notes) = services(on);
    Entry {
        project: project.to_owned(),
        servers: on.iter().map(|(server, _)| server.clone()).collect(),
        services,
        notes,
        proxy: on.iter().find_map(|(_, seen)| seen.proxies.first().cloned()),
        ..Entry::default()
    }
}

/// Whose image a deploy changes, none where that goes without saying, and what is to be said of it.
fn services(on: &[(ServerId, Seen)]) -> (Vec<String>, Vec<String>) {
    let names: BTreeSet<&String> = on.iter().flat_map(|(_, seen)| seen.services.keys()).collect();
    let mut notes = Vec::new();
    let mut images: BTreeMap<&str, ImageRef> = BTreeMap::new();
    let mut partly = false;
    for name in names {
        let of: Vec<Option<&String>> =
            on.iter().filter_map(|(_, seen)| seen.services.get(name).map(Option::as_ref)).collect();
        if of.len() < on.len() {
            partly = true;
            notes.push(format!(
                "{name} is not in the file on all of these servers: a deploy leaves its image alone."
            ));
            continue;
        }
        match of.first().copied().flatten().map(|image| image.parse::<ImageRef>()) {
            Some(Ok(image)) => {
                images.insert(name, image);
            }
            Some(Err(_)) => partly = true,
            None => {
                notes.push(format!("{name} is built on the server: a deploy leaves its image alone."));
            }
        }
    }
    let repositories = |images: &BTreeMap<&str, ImageRef>| -> BTreeSet<String> {
        images.values().map(|image| format!("{}/{}", image.registry(), image.path())).collect()
    };
    if repositories(&images).len() <= 1 && !partly {
        return (Vec::new(), notes);
    }
    // Databases and the like come from Docker Hub's own shelf; what is one's own does not.
    let own: BTreeMap<&str, ImageRef> = images
        .iter()
        .filter(|(_, image)| !image.path().starts_with("library/"))
        .map(|(&n, i)| (n, i.clone()))
        .collect();
    let chosen = if own.is_empty() { images } else { own };
    let several = repositories(&chosen);
    if several.len() > 1 {
        notes.push(format!(
            "A tag is looked for in each of {}: take away from `services` what has its own versions.",
            several.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    (chosen.into_keys().map(str::to_owned).collect(), notes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::FailureKind;

    fn seen(file: &str, services: &[(&str, Option<&str>)]) -> Seen {
        let service = |(name, image): &(&str, Option<&str>)| ((*name).to_owned(), image.map(str::to_owned));
        Seen {
            file: file.to_owned(),
            env_file: None,
            services: services.iter().map(service).collect(),
            differs: Vec::new(),
            writable: Ok(()),
            proxies: Vec::new(),
        }
    }

    fn of(all: &[(&str, Result<Seen, Failure>)]) -> Adoption {
        adopted("shop", all.iter().map(|(server, seen)| ((*server).into(), seen.clone())).collect())
    }

    const WEB: (&str, Option<&str>) = ("web", Some("registry:5000/shop:1.0"));

    #[test]
    fn images_of_one_repository_go_without_saying() {
        let adoption = of(&[(
            "a",
            Ok(seen("/srv/shop/compose.yaml", &[WEB, ("job", Some("registry:5000/shop:json"))])),
        )]);
        let [entry] = adoption.entries.as_slice() else { panic!("{adoption:?}") };
        assert_eq!(entry.compose.as_deref(), Some("/srv/shop/compose.yaml"));
        assert_eq!((entry.services.len(), entry.notes.len()), (0, 0));
    }

    #[test]
    fn a_database_beside_it_is_not_what_a_deploy_changes() {
        let services =
            [WEB, ("db", Some("postgres:17")), ("cache", Some("docker.io/library/redis")), ("own", None)];
        let adoption = of(&[("a", Ok(seen("/srv/shop/compose.yaml", &services)))]);
        assert_eq!(adoption.entries[0].services, ["web"]);
        assert!(adoption.entries[0].notes[0].starts_with("own is built on the server"));
    }

    #[test]
    fn what_is_not_in_the_same_place_is_another_entry() {
        let adoption = of(&[
            ("a", Ok(seen("/opt/shop.yaml", &[WEB]))),
            ("b", Ok(seen("/srv/shop/compose.yaml", &[WEB]))),
            ("c", Ok(seen("/srv/shop/compose.yaml", &[WEB, ("job", Some("registry:5000/shop:2"))]))),
        ]);
        let [first, second] = adoption.entries.as_slice() else { panic!("{adoption:?}") };
        assert_eq!((first.servers.len(), second.servers.as_slice()), (2, ["a".into()].as_slice()));
        assert_eq!(first.services, ["web"], "b has no job, and must not be given one");
    }

    #[test]
    fn what_cannot_be_adopted_is_told_beside_what_can() {
        let gone = Failure::new(FailureKind::NotFound, "adopt shop on b", "its folder is gone");
        let adoption = of(&[("a", Ok(seen("/srv/shop/compose.yaml", &[WEB]))), ("b", Err(gone.clone()))]);
        assert_eq!(adoption.entries[0].servers, ["a".into()]);
        assert_eq!(adoption.entries[0].notes, ["It cannot be deployed on b: its folder is gone."]);
        let none = of(&[("b", Err(gone))]);
        assert!(none.entries.is_empty());
        assert_eq!(looked_at("shop", &none.lost).compose, None);
    }
}

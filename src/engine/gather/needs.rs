//! What a sent Compose file refers to beside itself: it alone is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::domain::failure::Failure;
use crate::domain::text::clean;
use crate::engine::ground::Ground;
use crate::engine::sent::Sent;
use crate::operations::Need;
use crate::operations::facts::Compose;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// Prints the places, from 1, of the paths in `$@` that are there.
const THERE: &str = r#"i=0; for p in "$@"; do i=$((i+1)); [ -e "$p" ] && echo $i; done; exit 0"#;

/// The files and folders below the app's own that the rendered file refers to.
pub(super) async fn needs(ground: &Ground, sent: &Sent, compose: &Compose) -> Result<Vec<Need>, Failure> {
    let folder = format!("{}/", ground.place.directory.trim_end_matches('/'));
    let asked: BTreeMap<String, (String, bool)> =
        referred(compose).into_iter().filter(|(path, _)| path.starts_with(&folder)).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let command = RemoteCommand::script(THERE).args(asked.keys().map(String::as_str));
    let text = ground.done(command, &format!("look for files on {}", ground.server), DEADLINE).await?;
    let there: Vec<usize> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    let need = |(at, (path, (by, made))): (usize, (String, (String, bool)))| Need {
        here: sent.beside(path.strip_prefix(&folder).unwrap_or(&path)),
        there: there.contains(&(at + 1)),
        path: clean(&path).into_owned(),
        by,
        made,
    };
    Ok(asked.into_iter().enumerate().map(need).collect())
}

/// Paths, what refers to each, and whether the engine makes an empty folder where there is nothing.
fn referred(compose: &Compose) -> Vec<(String, (String, bool))> {
    let entries = |part: &str| compose.0.get(part).and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut found = Vec::new();
    for (name, service) in entries("services") {
        let name = clean(name);
        let mounts = service.get("volumes").and_then(Value::as_array).into_iter().flatten();
        for mount in mounts.filter(|it| text(it, "type").as_deref() == Some("bind")) {
            let made = mount.pointer("/bind/create_host_path") == Some(&Value::Bool(true));
            found.extend(text(mount, "source").map(|path| (path, (format!("a volume of {name}"), made))));
        }
        if service.get("image").is_none_or(Value::is_null) {
            let context = service.pointer("/build/context").and_then(Value::as_str);
            found.extend(context.map(|path| (path.to_owned(), (format!("the build of {name}"), false))));
        }
    }
    for (part, word) in [("configs", "config"), ("secrets", "secret")] {
        for (name, it) in entries(part) {
            found.extend(text(it, "file").map(|path| (path, (format!("the {word} {}", clean(name)), false))));
        }
    }
    found
}

/// Whether a Compose file, as it is written, hands a file of this name to a service by `env_file`: what
/// Compose renders does not tell any more. A name that stands elsewhere counts too where there is an
/// `env_file`: a doubt is said, not passed over.
pub(super) fn hands_over(text: &str, name: &str) -> bool {
    let lines = || text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    let code = || lines().filter(|line| !line.starts_with('#'));
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let named = |line: &str| {
        line.match_indices(name).any(|(at, _)| {
            let (before, after) = (line[..at].chars().next_back(), line[at + name.len()..].chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
    };
    code().any(|line| line.contains("env_file")) && code().any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_a_service_reads_is_told_from_one_that_compose_reads() {
        assert!(hands_over("web:\n  env_file: .env\n", ".env"));
        assert!(hands_over("web:\n  env_file:\n    - ./prod.env\n", "prod.env"));
        assert!(hands_over("web: {env_file: [{path: /srv/prod.env}]}", "prod.env"));
        assert!(!hands_over("web:\n  env_file: other.env\n", ".env"));
        assert!(!hands_over("web:\n  # env_file: .env\n  image: x # by .env\n", ".env"));
    }
    use serde_json::json;

    #[test]
    fn what_is_read_from_the_servers_own_disk_is_found() {
        let compose = Compose(json!({
            "services": {
                "web": {
                    "image": "a",
                    "build": {"context": "/srv/shop/web"},
                    "volumes": [
                        {"type": "bind", "source": "/srv/shop/data", "bind": {"create_host_path": true}},
                        {"type": "volume", "source": "pages"},
                    ],
                },
                "own": {"build": {"context": "/srv/shop"}},
            },
            "configs": {"nginx": {"file": "/srv/shop/nginx.conf"}},
        }));
        let paths: Vec<(String, bool)> =
            referred(&compose).into_iter().map(|(path, (_, made))| (path, made)).collect();
        let of = |path: &str, made| (path.to_owned(), made);
        assert_eq!(
            paths,
            [of("/srv/shop", false), of("/srv/shop/data", true), of("/srv/shop/nginx.conf", false)]
        );
    }
}

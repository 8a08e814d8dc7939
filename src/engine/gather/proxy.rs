//! The proxy before an app: what its file says, and whether it can be switched.

use std::time::Duration;

use crate::domain::failure::Failure;
use crate::domain::maintenance::taken_apart;
use crate::domain::proxy::Proxy;
use crate::domain::shell::line;
use crate::domain::text::{clean, shorten};
use crate::engine::ground::Ground;
use crate::operations::facts::ProxyFacts;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the file, `$2` the test. Prints a line of `word value` for each thing there is.
const SCRIPT: &str = r#"f=$1 d=${1%/*}
if [ -f "$f" ]; then if [ -r "$f" ]; then sed 's/^/text /' "$f"; echo; echo there; else echo "unreadable $(id -un) may not read it"; fi
else echo 'unreadable it is not there'; fi
if [ -w "${d:-/}" ]; then echo writable; else echo "unwritable $(id -un) may not write to ${d:-/}"; fi
read -r m </proc/sys/net/ipv4/tcp_migrate_req 2>/dev/null && echo "migrates $m"
[ "$2" ] || { echo tested; exit 0; }
if o=$(sh -c "$2" 2>&1); then echo tested; else printf '%s\n' "$o" | tail -n 1 | sed 's/^/refused /'; fi
exit 0"#;

/// Looks; `None` where there is none.
pub(super) async fn proxy(ground: &Ground, proxy: Option<&Proxy>) -> Result<Option<ProxyFacts>, Failure> {
    let Some(proxy) = proxy else { return Ok(None) };
    let what = format!("look at {} before {} on {}", proxy.kind.word(), ground.place.project, ground.server);
    let command = RemoteCommand::script(SCRIPT).args([proxy.file.as_str(), &line(&proxy.test)]);
    Ok(Some(read(&ground.done(command, &what, DEADLINE).await?)))
}

fn read(text: &str) -> ProxyFacts {
    let unknown = || "it could not be told".to_owned();
    let mut found = ProxyFacts {
        text: Err(unknown()),
        shut: None,
        writable: Err(unknown()),
        tested: Err(unknown()),
        migrates: None,
    };
    let mut lines = String::new();
    for line in text.lines() {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        let said = || shorten(&clean(value), 300).into_owned();
        match word {
            "text" => {
                lines.push_str(value);
                lines.push('\n');
            }
            "there" => match taken_apart(&lines) {
                Ok(None) => found.text = Ok(std::mem::take(&mut lines)),
                Ok(Some(shut)) => {
                    found.text = Ok(shut.kept.clone());
                    found.shut = Some(shut);
                }
                Err(why) => found.text = Err(why),
            },
            "unreadable" => found.text = Err(said()),
            "writable" => found.writable = Ok(()),
            "unwritable" => found.writable = Err(said()),
            "migrates" => found.migrates = Some(value == "1"),
            "tested" => found.tested = Ok(()),
            "refused" => found.tested = Err(said()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_not_taken_for_a_proxy_that_can_be_switched() {
        let found = read("");
        assert!(found.text.is_err() && found.writable.is_err() && found.tested.is_err());
        assert_eq!(found.migrates, None);
    }

    #[test]
    fn the_file_and_the_test_are_told_apart() {
        let found = read(
            "text upstream shop {\ntext }\nthere\nunwritable ops may not\nmigrates 0\nrefused nginx: [emerg] no\n",
        );
        assert_eq!(found.text.as_deref(), Ok("upstream shop {\n}\n"));
        assert_eq!(found.tested, Err("nginx: [emerg] no".to_owned()));
        assert_eq!(found.migrates, Some(false));
    }

    #[test]
    fn of_an_app_in_maintenance_what_stands_there_otherwise_counts() {
        let mark = r#"#! midwatch maintenance {"since":"2026-11-21T19:30:00Z","by":"ada","run":"r","retry_after":1}"#;
        let found = read(&format!("text {mark}\ntext #= to a:1\ntext to localhost:2019\nthere\n"));
        assert_eq!(found.text.as_deref(), Ok("to a:1\n"));
        let shut = found.shut.unwrap();
        assert_eq!((shut.mark.by.as_str(), shut.body.as_str()), ("ada", "to localhost:2019\n"));
        assert!(read("text #! midwatch maintenance ?\nthere\n").text.is_err(), "it is not switched blindly");
    }
}

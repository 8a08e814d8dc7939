//! How a backup is brought back otherwise than whole and as the datastore's own, in the words of the command
//! line: `from OTHER [swap]`, `only PATH|TABLE[,…]`, `at TIME [swap]`.

use crate::config::duration;
use crate::domain::ids::{BackupId, DatastoreId};
use crate::domain::time::Timestamp;
use crate::message::change::{Otherwise, Wanted};

/// What is said where nothing else can be made of what was typed.
const WORDS: &str = "from OTHER, from OTHER swap, only TABLE,… or PATH, at TIME, at TIME swap";

/// What is typed, of `backup` where one is selected; what is the matter with it where it makes no sense.
pub fn read(typed: &str, backup: Option<&BackupId>, now: Timestamp) -> Result<Wanted, String> {
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let rest = rest.trim();
    let it = match (word, rest) {
        ("from", "") => return Err("from which datastore?".to_owned()),
        ("from", rest) => {
            let (other, swap) = match rest.split_once(char::is_whitespace) {
                None => (rest, false),
                Some((other, swap)) if swap.trim() == "swap" => (other, true),
                Some((_, more)) => return Err(format!("{more}: after the datastore comes swap, or nothing")),
            };
            Otherwise::From { other: DatastoreId::from(other), swap }
        }
        ("only", "") => return Err("only which tables, or which path?".to_owned()),
        // What is between commas is told apart by who knows whether it is of tables.
        ("only", rest) => Otherwise::Only { what: rest.to_owned(), backup: backup.cloned() },
        ("at", "") => return Err("at which time, or how long ago?".to_owned()),
        ("at", rest) => {
            let (time, swap) = match rest.rsplit_once(char::is_whitespace) {
                Some((time, "swap")) => (time.trim(), true),
                _ => (rest, false),
            };
            Otherwise::At { at: duration::moment(time, now)?, swap }
        }
        _ => return Err(WORDS.to_owned()),
    };
    Ok(Wanted::Otherwise(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(typed: &str) -> Result<Otherwise, String> {
        let now = Timestamp::parse_rfc3339("2026-11-20T03:00:00Z").unwrap();
        read(typed, Some(&BackupId::from("b2")), now).map(|it| match it {
            Wanted::Otherwise(it) => it,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_words_are_those_of_the_command_line() {
        let from = |swap| Ok(Otherwise::From { other: "shop-db".into(), swap });
        assert_eq!((told("from shop-db"), told("from  shop-db  swap")), (from(false), from(true)));
        let only =
            |what: &str| Ok(Otherwise::Only { what: what.to_owned(), backup: Some(BackupId::from("b2")) });
        assert_eq!(told("only public.orders,audit.log"), only("public.orders,audit.log"));
        assert_eq!(told("only /srv/a file"), only("/srv/a file"));
        let at = |text: &str| Ok(Otherwise::At { at: Timestamp::parse_rfc3339(text).unwrap(), swap: false });
        let at_2am = Timestamp::parse_rfc3339("2026-11-20T02:00:00Z").unwrap();
        assert_eq!(told("at 1h  swap"), Ok(Otherwise::At { at: at_2am, swap: true }));
        assert_eq!(told("at 25m"), at("2026-11-20T02:35:00Z"));
        assert_eq!(told("at 2026-11-20T01:00:00Z"), at("2026-11-20T01:00:00Z"));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for typed in ["", "shop-db", "from", "from a b", "only", "only ", "at", "at noon"] {
            assert!(told(typed).is_err(), "{typed}");
        }
        assert!(told("at noon").unwrap_err().contains("how long ago"));
    }
}

//! Names and texts as PostgreSQL takes them: one function for each way of quoting, and the names that
//! databases of ours get.

use super::time::Timestamp;

/// The bytes that a name may have; a longer one is cut by the server, without a word that counts.
const LONGEST: usize = 63;

/// An identifier, always in double quotes (PostgreSQL, "Lexical Structure", 4.1.1). A NUL cannot be in one.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

/// A text; a backslash means itself only where it is written so (4.1.2.2).
pub fn literal(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', r"\\")) } else { format!("'{text}'") }
}

/// A statement of ours with values in the place of `$1`, `$2`, … : quoted ones, and what looks like such a
/// place in a value is none.
pub fn fill(statement: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let number = after.as_bytes().get(1).filter(|b| b.is_ascii_digit()).map(|b| usize::from(b - b'0'));
        let value = number.and_then(|number| values.get(number.wrapping_sub(1)));
        out.push_str(value.copied().unwrap_or("$"));
        rest = &after[if value.is_some() { 2 } else { 1 }..];
    }
    out + rest
}

/// A database for a program that would read `a=b` as the settings of a connection (libpq, 32.1.1.1).
pub fn connection(database: &str) -> String {
    format!("dbname='{}'", database.replace('\0', "").replace('\\', r"\\").replace('\'', r"\'"))
}

/// What a database of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A backup was restored into it.
    Restore,
    /// It stood there before a restored one took its place.
    Before,
    /// A restore is rehearsed in it.
    Drill,
}

impl Purpose {
    /// Its word in the name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Before => "before",
            Self::Drill => "drill",
        }
    }
}

/// The name of a database of ours beside `database`: `shop_restore_20261121T030000`. The name that it is
/// made of is cut where the whole would be too long.
pub fn beside(database: &str, purpose: Purpose, at: Timestamp) -> String {
    format!("{}{}", prefix(database, purpose), stamp(at))
}

/// A time as it stands in names: `20261121T030000`.
pub(super) fn stamp(at: Timestamp) -> String {
    let whole = at.rfc3339();
    whole.chars().filter(|c| c.is_ascii_digit() || *c == 'T').take("20261121T030000".len()).collect()
}

/// What the names of such databases begin with.
fn prefix(database: &str, purpose: Purpose) -> String {
    let tail = format!("_{}_", purpose.word());
    let mut cut = database.len().min(LONGEST - tail.len() - "20261121T030000".len());
    while !database.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{tail}", &database[..cut])
}

/// When a database of ours was made, by its name; `None` for any other.
pub fn made_at(name: &str, database: &str, purpose: Purpose) -> Option<Timestamp> {
    read_stamp(name.strip_prefix(&prefix(database, purpose))?)
}

/// The time that such a text is.
pub(super) fn read_stamp(stamp: &str) -> Option<Timestamp> {
    let digits = |range: std::ops::Range<usize>| {
        stamp.get(range).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
    };
    let (date, time) = (digits(0..8)?, digits(9..15)?);
    if stamp.len() != 15 || stamp.as_bytes()[8] != b'T' {
        return None;
    }
    Timestamp::parse_rfc3339(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_hostile_stays_inside_its_quotes() {
        assert_eq!(identifier("a\"; drop database x; --"), "\"a\"\"; drop database x; --\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'; --"), r"E'\\''; --'");
        assert_eq!(connection("a=b host=evil'\\"), r"dbname='a=b host=evil\'\\'");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_once_more() {
        assert_eq!(fill("a $1 b $2 $x $", &["'$2'", "two"]), "a '$2' b two $x $");
    }

    #[test]
    fn a_database_of_ours_tells_when_it_was_made() {
        let at = Timestamp::parse_rfc3339("2026-11-21T03:04:05Z").unwrap();
        let name = beside("shop", Purpose::Before, at);
        assert_eq!(name, "shop_before_20261121T030405");
        assert_eq!(made_at(&name, "shop", Purpose::Before), Some(at));
        assert_eq!(made_at(&name, "shop", Purpose::Restore), None);
        for other in [
            "shop_before_",
            "shop_before_20261121T03040x",
            "shop_before_20261121T0304055",
            "shop_before_2026é121T030405",
        ] {
            assert_eq!(made_at(other, "shop", Purpose::Before), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_name_is_cut_by_the_server(database in "\\PC{1,80}") {
            let at = Timestamp::from_secs(1_795_215_600);
            let name = beside(&database, Purpose::Restore, at);
            prop_assert!(name.len() <= LONGEST);
            prop_assert_eq!(made_at(&name, &database, Purpose::Restore), Some(at));
        }

        #[test]
        fn an_identifier_has_no_quote_that_is_alone(name in "\\PC{0,20}") {
            let quoted = identifier(&name);
            let inside = &quoted[1..quoted.len() - 1];
            prop_assert!(!inside.replace("\"\"", "").contains('"'));
        }
    }
}

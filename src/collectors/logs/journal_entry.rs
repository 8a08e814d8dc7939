//! One entry of the journal as `journalctl -o json` writes it
//! (<https://systemd.io/JOURNAL_EXPORT_FORMATS/>, "Journal JSON Format"). Pure.

use serde::{Deserialize, Deserializer};

use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// The fields that are asked for.
pub(super) const FIELDS: &str = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_SYSTEMD_UNIT";

/// What is read of an entry.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "__CURSOR")]
    pub(super) cursor: Option<String>,
    #[serde(rename = "__REALTIME_TIMESTAMP", default, deserialize_with = "text")]
    micros: String,
    #[serde(rename = "MESSAGE", default, deserialize_with = "text")]
    pub(super) message: String,
    #[serde(rename = "PRIORITY", default, deserialize_with = "text")]
    priority: String,
    #[serde(rename = "SYSLOG_IDENTIFIER", default, deserialize_with = "text")]
    identifier: String,
    #[serde(rename = "_COMM", default, deserialize_with = "text")]
    program: String,
    #[serde(rename = "_SYSTEMD_UNIT", default, deserialize_with = "text")]
    unit: String,
}

/// A value as the format has it: text, bytes where it is not UTF-8, `null` where it is too long,
/// and a list where the field came several times (the first counts).
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Several(Vec<Value>),
    Other(serde::de::IgnoredAny),
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(flat(Value::deserialize(from)?))
}

fn flat(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::Several(values) => values.into_iter().next().map(flat).unwrap_or_default(),
        Value::Other(_) => String::new(),
    }
}

impl Entry {
    /// Reads a line of output; `None` where it is no entry.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// When it was received.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.micros.parse::<i64>().ok().map(|micros| Timestamp::from_millis(micros.div_euclid(1000)))
    }

    /// Its level; programs whose output systemd takes say `info` for everything, so that the words
    /// of the line itself count for more.
    pub(super) fn level(&self, of_text: Level) -> Level {
        let said = self.priority.parse().map_or(Level::Unknown, Level::from_syslog);
        match (said, of_text) {
            (Level::Info | Level::Unknown, Level::Unknown) => said,
            (Level::Info | Level::Unknown, known) => known,
            _ => said,
        }
    }

    /// Who wrote it, for the journal as a whole.
    pub(super) fn who(&self) -> &str {
        [&self.identifier, &self.program, &self.unit]
            .into_iter()
            .find(|name| !name.is_empty())
            .map_or("-", |name| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_is_read() {
        let entry = Entry::parse(
            br#"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795143600123456","PRIORITY":"3","MESSAGE":"it broke","SYSLOG_IDENTIFIER":"caddy","_SYSTEMD_UNIT":"caddy.service"}"#,
        )
        .unwrap();
        assert_eq!(entry.cursor.as_deref(), Some("s=1;i=2"));
        assert_eq!(entry.at(), Some(Timestamp::from_millis(1_795_143_600_123)));
        assert_eq!((entry.message.as_str(), entry.who()), ("it broke", "caddy"));
        assert_eq!(entry.level(Level::Unknown), Level::Error);
    }

    #[test]
    fn a_message_may_be_bytes_or_too_long_or_several() {
        let message =
            |json: &str| Entry::parse(format!("{{\"MESSAGE\":{json}}}").as_bytes()).unwrap().message;
        assert_eq!(message("[104,105,27]"), "hi\u{1b}");
        assert_eq!(message("null"), "");
        assert_eq!(message(r#"["first","second"]"#), "first");
        assert_eq!(message("[[255,104],\"x\"]"), "\u{fffd}h");
    }

    #[test]
    fn the_words_of_a_line_count_for_more_than_the_priority_of_a_pipe() {
        let entry = Entry { priority: "6".into(), ..Entry::default() };
        assert_eq!(entry.level(Level::Error), Level::Error);
        let entry = Entry { priority: "3".into(), ..Entry::default() };
        assert_eq!(entry.level(Level::Info), Level::Error);
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Entry::parse(&line);
        }
    }
}

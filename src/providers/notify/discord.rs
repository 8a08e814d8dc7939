//! A message for a Discord webhook
//! (<https://docs.discord.com/developers/resources/webhook#execute-webhook>).

use serde_json::{Value, json};

use crate::domain::notice::{Notice, Occasion};
use crate::domain::text::shorten;

/// The most characters of a message, and of an embed's description, with room left.
const CONTENT: usize = 1900;
const DESCRIPTION: usize = 4000;

/// The headline as the message, the rest as an embed. Nobody is mentioned, whatever a text says.
pub(super) fn body(notice: &Notice) -> Value {
    let color = match notice.occasion {
        Occasion::Started => 0x0034_98db,
        Occasion::Waiting => 0x009b_59b6,
        Occasion::Done => 0x002e_cc71,
        Occasion::Failed => 0x00e7_4c3c,
        Occasion::RolledBack => 0x00f3_9c12,
    };
    json!({
        "content": shorten(&escaped(&notice.headline()), CONTENT),
        "allowed_mentions": { "parse": [] },
        "embeds": [{
            "description": shorten(&escaped(&notice.details().join("\n")), DESCRIPTION),
            "color": color,
            "timestamp": notice.at.rfc3339(),
        }],
    })
}

/// What Discord would take for markup is shown as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '~' | '`' | '|' | '>' | '<' | '\\' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

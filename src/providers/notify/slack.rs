//! A message for a Slack incoming webhook
//! (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/>).

use serde_json::{Value, json};

use crate::domain::notice::{Notice, Occasion};
use crate::domain::text::shorten;

/// The most characters of a text object
/// (<https://docs.slack.dev/reference/block-kit/composition-objects/text-object>).
const TEXT: usize = 2900;

/// `text` is what notifications show, `blocks` what the channel does.
pub(super) fn body(notice: &Notice) -> Value {
    let headline = escaped(&notice.headline());
    let mark = match notice.occasion {
        Occasion::Started => ":arrow_forward:",
        Occasion::Waiting => ":raised_hand:",
        Occasion::Done => ":white_check_mark:",
        Occasion::Failed => ":x:",
        Occasion::RolledBack => ":leftwards_arrow_with_hook:",
    };
    let details: Vec<String> = notice.details().iter().map(|line| escaped(line)).collect();
    let details = details.join("\n");
    json!({
        "text": headline,
        "blocks": [
            { "type": "section", "text": { "type": "mrkdwn", "verbatim": true, "text": format!("{mark} *{}*", shorten(&headline, TEXT)) } },
            { "type": "context", "elements": [{ "type": "mrkdwn", "verbatim": true, "text": shorten(&details, TEXT) }] },
        ],
    })
}

/// The three characters by which Slack knows links and mentions
/// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! What the proxy's access log says of an app, from its end.

use std::time::Duration;

use crate::domain::failure::Failure;
use crate::domain::line::access::{AccessFormat, Read};
use crate::domain::plan::act::Traffic;
use crate::domain::proxy::Proxy;
use crate::engine::ground::Ground;
use crate::operations::compare::Answers;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the log: its last mebibyte, from a whole line on.
const SCRIPT: &str = r#"tail -c 1048576 "$1" | tail -n +2"#;

/// What it said of late; `None` where the app has no log that is read.
pub(super) async fn traffic(ground: &Ground, proxy: Option<&Proxy>) -> Option<Result<Traffic, Failure>> {
    let proxy = proxy?;
    let (log, format) = (proxy.log.clone()?, proxy.kind.log_format()?);
    let what = format!("read {log} on {}", ground.server);
    let command = RemoteCommand::script(SCRIPT).arg(&log);
    let read = ground.done(command, &what, DEADLINE).await;
    Some(read.map(|text| Traffic { log, format, before: answers(&text, format).level() }))
}

/// The requests of some lines.
pub fn answers(text: &str, format: AccessFormat) -> Answers {
    let mut answers = Answers::default();
    for line in text.lines() {
        if let Read::Request(request) = format.read(line) {
            if request.status >= 500 {
                answers.errors += 1;
            } else {
                answers.well(request.time);
            }
        }
    }
    answers
}

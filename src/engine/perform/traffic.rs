//! Reads on in an access log while a release is watched.

use std::time::Duration;

use super::Task;
use crate::domain::failure::Failure;
use crate::domain::plan::act::{Level, Traffic};
use crate::engine::gather::traffic::answers;
use crate::operations::compare::{Answers, Enough, worse};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);
/// A hundred requests say something about one in a hundred.
const ENOUGH: Enough = Enough { asked: 20, errors: 3 };

/// `$1` the log, `$2` from which byte: prints its size, then what came since. A log that is shorter than it
/// was is a new one.
const SCRIPT: &str = r#"s=$(wc -c <"$1") || exit 1; o=$2; [ "$o" -lt 0 ] && o=$s; [ "$s" -ge "$o" ] || o=0
echo "$o"; tail -c +$((o+1)) "$1" | head -c 4194304"#;

/// A log that is read on.
pub(super) struct Following<'a> {
    traffic: &'a Traffic,
    at: Option<usize>,
    answers: Answers,
}

impl<'a> Following<'a> {
    pub(super) fn new(traffic: &'a Traffic) -> Self {
        Self { traffic, at: None, answers: Answers::default() }
    }

    /// Reads on; why the requests since the beginning are worse than those before, where they are.
    pub(super) async fn look(&mut self, task: &Task<'_>) -> Result<Option<String>, Failure> {
        let what = format!("read {} on {}", self.traffic.log, task.ground.server);
        let at = self.at.map_or_else(|| "-1".to_owned(), |at| at.to_string());
        let command = RemoteCommand::script(SCRIPT).args([self.traffic.log.as_str(), &at]);
        let text = task.ground.done(command, &what, DEADLINE).await?;
        let (from, more) = text.split_once('\n').unwrap_or((&text, ""));
        // What is not a whole line yet is read again.
        let whole = more.rfind('\n').map_or("", |end| &more[..=end]);
        self.at = from.trim().parse::<usize>().ok().map(|from| from + whole.len());
        let new = answers(whole, self.traffic.format);
        self.answers.good += new.good;
        self.answers.errors += new.errors;
        self.answers.took.extend(new.took);
        Ok(worse(&self.level(), &self.traffic.before, ENOUGH))
    }

    /// What they come to so far.
    pub(super) fn level(&self) -> Level {
        self.answers.level()
    }
}

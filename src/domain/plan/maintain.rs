//! Putting an app into maintenance and taking it out, as a step: what is written, what has to stand there
//! before, and by what it is seen.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::maintenance::{HEAD, KEPT, Mark, Notice, OPEN_END, one_brace};
use crate::domain::shell::{line, quote};

/// What is done to the proxy's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintain {
    /// Whether it is put into maintenance; otherwise it is taken out, and the file is as it was before.
    pub on: bool,
    /// What visitors are told; of one that is taken out, what they were told until now.
    pub notice: Notice,
    /// What the proxy is told while it lasts; where it is taken out, what of that goes on answering for a
    /// moment more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Who did it and when, where that is not the run itself: on the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// Whether the proxy answers in words of its own: no page and no `Retry-After` of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_words: bool,
    /// What has to stand there.
    pub before: Before,
    /// The file.
    pub file: String,
    /// The command that tests the proxy's configuration; empty for none.
    pub test: Vec<String>,
    /// The command that makes the proxy read it again.
    pub reload: Vec<String>,
    /// How long the proxy may go on as before.
    pub settles: Duration,
    /// The address that is asked for through the proxy, to see what visitors get.
    pub site: String,
}

/// What stands in the file before a step, or somebody was quicker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// Whatever: on the way back.
    Any,
    /// The app is not in maintenance.
    Open,
    /// It is, by this run.
    By(String),
}

/// For how many seconds nginx still answers on the address of the page, once requests go to the app again.
pub const LINGERS: u8 = 1;

impl Maintain {
    /// What a person would type on the server to do the same.
    pub fn shell(&self) -> String {
        let (file, new) = (quote(&self.file), format!("{}.new", self.file));
        let new = quote(&new);
        let commands = [&self.test, &self.reload].into_iter().filter(|it| !it.is_empty()).map(line);
        let then = commands.fold(format!("mv {new} {file}"), |all, command| all + " && " + &command);
        if !self.on {
            let kept = format!("sed -n 's/^{KEPT}//p' {file}");
            let end = OPEN_END.replace('.', "[.]");
            let last = format!(
                "if grep -qx '{end}' {file}; then printf %s \"$({kept})\"; else {kept}; fi >{new} && {then}"
            );
            if self.body.is_empty() {
                return last;
            }
            let first = format!("{{ grep '^#[!=]' {file}; {kept}; echo; cat; }} >{new} <<'END' && {then}");
            return format!("{first}\n{}END\nsleep {LINGERS}; {last}", self.body);
        }
        let rest = one_brace(&serde_json::to_string(&self.notice).unwrap_or_default());
        let rest = quote(rest.trim_start_matches('{')).into_owned();
        let head = format!(
            "printf '{HEAD}{{\"since\":\"%s\",\"by\":\"%s@%s\",\"run\":\"by-hand\",%s\\n' \
             \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\" \"$(id -un)\" \"$(uname -n)\" {rest}"
        );
        let keep = match self.before {
            Before::By(_) => format!("grep '^#=' {file}"),
            Before::Any | Before::Open => format!(
                "awk '{{print \"{KEPT}\" $0}}' {file}; [ -z \"$(tail -c 1 {file})\" ] || echo '{OPEN_END}'"
            ),
        };
        format!("{{ {head}; {keep}; cat; }} >{new} <<'END' && {then}\n{}END", self.body)
    }
}

//! What is written on a server about a run that waits: what it asks for, and the answer. Each file is
//! written beside and given its name when it is whole.

use std::time::Duration;

use super::authorities::Authorities;
use crate::domain::approval::{Approval, Judge, Request, WINDOW, message};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::FrozenPlan;
use crate::domain::run::RunId;
use crate::domain::text::{clean, shorten};
use crate::engine::ground::{Ground, unsuccessful};
use crate::engine::mark::mark;
use crate::transports::signature::{Stamps, authority, authorized};
use crate::transports::{ExitStatus, Output, Piped, RemoteCommand};

/// How long one look or one answer may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// Asks, and prints until when: `$1` the app's folder, `$2` the run, `$3` for how many seconds. Standard
/// input holds the request and the plan. What nobody withdrew goes an hour after it was over.
const ASK: &str = r#"cd "$1" || exit 73; r=$2; umask 077
mkdir -p .midwatch/waiting && cd .midwatch || exit 73
[ -e .gitignore ] || echo '*' >.gitignore
cd waiting || exit 73; n=$(date +%s)
for w in *; do u=$(cat "$w/until" 2>/dev/null || echo 0); [ "$u" -lt $((n-3600)) ] 2>/dev/null && rm -rf "$w"; done
IFS= read -r q; IFS= read -r p; u=$((n+$3))
mkdir "$r" && printf '%s\n' "$q" >"$r/request.json" && printf '%s\n' "$p" >"$r/plan.json" && echo $u >"$r/until.new" && mv "$r/until.new" "$r/until" || { rm -rf "$r"; exit 73; }
echo $u"#;

/// Stays for as long as its channel is open, so that others see that somebody waits.
const STAY: &str =
    concat!(mark!(), r#"cd "$1/.midwatch/waiting/$2" || exit 73; m $$ >alive; cat >/dev/null; rm -f alive"#);

/// How it stands: `$3` is not empty where the keys are wanted too.
const POLL: &str = concat!(
    mark!(),
    r#"cd "$1/.midwatch/waiting/$2" 2>/dev/null || { echo gone; exit 0; }
echo "now $(date +%s)"; echo "local $(date +%Y%m%d%H%M%S)"; echo "utc $(date -u +%Y%m%d%H%M%S)"
if [ -e alive ]; then read -r p b <alive; [ "$p $b" = "$(m "$p")" ] && echo alive; fi
[ -e denied ] && head -c 4000 denied | sed 's/^/denied /'
[ -e approval.sig ] && [ -e approval.json ] && { head -c 16000 approval.json | sed 's/^/by /'; head -c 16000 approval.sig | sed 's/^/sig /'; }
[ -e refused ] && head -c 4000 refused | sed 's/^/refused /'
[ -z "$3" ] && exit
for k in ~/.ssh/authorized_keys ~/.ssh/authorized_keys2; do [ -r "$k" ] && head -c 1000000 "$k" | sed 's/^/key /'; done
echo "user $(id -un)"; d=/etc/ssh
for f in $d/sshd_config.d/*.conf $d/sshd_config; do
  if [ -r "$f" ]; then echo "sshd file"; head -c 100000 "$f" | sed -n 's/^[[:space:]]*\([A-Za-z]\)/sshd \1/p'; elif [ -e "$f" ]; then echo "unread $f"; fi
done
for f in $(cat $d/sshd_config.d/*.conf $d/sshd_config 2>/dev/null | sed -n 's/^[[:space:]]*[Tt][Rr][Uu][Ss][Tt][Ee][Dd][Uu][Ss][Ee][Rr][Cc][Aa][Kk][Ee][Yy][Ss][[:space:]=]*"\{0,1\}\([^"[:space:]]*\).*/\1/p'); do
  case $f in none) continue;; esac
  if [ -r "$f" ]; then head -c 100000 "$f" | sed 's/^/ca /'; else echo "unread $f"; fi
done
exit 0"#
);

/// Approves: standard input holds who, then the signature. The first one counts.
const GIVE: &str = r#"cd "$1/.midwatch/waiting/$2" 2>/dev/null || exit 74; umask 077
[ "$(date +%s)" -le "$(cat until)" ] || exit 79
[ -e denied ] && { cat denied; exit 76; }
IFS= read -r b; rm -f refused
printf '%s\n' "$b" >"by.$$" && cat >"sig.$$" || { rm -f "by.$$" "sig.$$"; exit 73; }
ln "sig.$$" approval.sig 2>/dev/null; c=$?; [ $c = 0 ] && mv "by.$$" approval.json; rm -f "by.$$" "sig.$$"
[ $c = 0 ] || { cat approval.json 2>/dev/null; exit 75; }"#;

/// Denies: standard input holds who, and why.
const DENY: &str = r#"cd "$1/.midwatch/waiting/$2" 2>/dev/null || exit 74; umask 077
cat >"no.$$" || { rm -f "no.$$"; exit 73; }
ln "no.$$" denied 2>/dev/null; rm -f "no.$$"; [ -e denied ]"#;

/// Takes a signature away that does not count, so that another can be given; standard input holds why.
const REFUSE: &str = r#"cd "$1/.midwatch/waiting/$2" 2>/dev/null || exit 0; umask 077
cat >refused.new; mv refused.new refused; rm -f approval.sig approval.json"#;

const WITHDRAW: &str = r#"[ -n "$2" ] && rm -rf "$1/.midwatch/waiting/$2""#;

/// Keeps what was signed, who signed, and the signature with the run: standard input holds the three
/// lines of the message, who, and the signature.
const KEEP: &str = r#"cd "$1/.midwatch/runs/$2" || exit 73; umask 077
{ IFS= read -r a; IFS= read -r b; IFS= read -r c; IFS= read -r w; printf '%s\n%s\n%s\n' "$a" "$b" "$c" >approval.txt; printf '%s\n' "$w" >approval.json; cat >approval.new; } && mv approval.new approval.sig"#;

/// What was kept of it, the signature alone.
const KEPT: &str = r#"cat "$1/.midwatch/runs/$2/approval.sig" 2>/dev/null; exit 0"#;

/// How it stands on a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Nothing waits there any more.
    pub(super) gone: bool,
    /// Whether the console that asked is connected.
    pub(super) alive: bool,
    /// The server's clock, in seconds since 1970.
    pub(super) now: i64,
    /// It was denied.
    pub(super) denied: Option<Judge>,
    /// It was approved, as somebody says, with this signature.
    pub(super) approved: Option<(Judge, String)>,
    /// Why the last signature did not count.
    pub(super) refused: Option<String>,
    /// Whose keys the account takes, by fingerprint, with their comments.
    pub(super) keys: Vec<(String, String)>,
    /// The authorities whose certificates it takes.
    pub(super) authorities: Authorities,
}

fn command(script: &'static str, ground: &Ground, run: &RunId) -> RemoteCommand {
    RemoteCommand::script(script).args([ground.place.directory.as_str(), run.as_str()])
}

fn line<T: serde::Serialize>(value: &T, what: &str) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| Failure::new(FailureKind::Bug, what, error.to_string()))
        .map(|json| json + "\n")
}

/// Asks on a server; until when, by its clock.
pub(super) async fn ask(ground: &Ground, request: &Request, plan: &FrozenPlan) -> Result<i64, Failure> {
    let what = format!("ask for a second person on {}", ground.server);
    let stdin = line(request, &what)? + plan.bytes() + "\n";
    let command = command(ASK, ground, &request.run).arg(&WINDOW.as_secs().to_string()).stdin(stdin);
    let text = ground.done(command, &what, DEADLINE).await?;
    let until = text.trim().parse();
    until.map_err(|_| Failure::new(FailureKind::Invalid, what, "its clock cannot be read"))
}

/// Shows that somebody waits, for as long as what is given back is held.
pub(super) async fn stay(ground: &Ground, run: &RunId) -> Result<Piped, Failure> {
    let piped = ground.transport().await?.pipe(command(STAY, ground, run)).await;
    piped.map_err(|error| error.into_failure(&format!("stay on {}", ground.server)))
}

/// Looks how it stands, and whose keys are taken where that is wanted.
pub(super) async fn poll(ground: &Ground, run: &RunId, keys: bool) -> Result<Seen, Failure> {
    let what = format!("see whether the run is approved on {}", ground.server);
    let command = command(POLL, ground, run).arg(if keys { "keys" } else { "" });
    Ok(read(&ground.done(command, &what, DEADLINE).await?))
}

fn read(text: &str) -> Seen {
    let mut seen = Seen::default();
    let (mut by, mut signature, mut stamps, mut keys) = (None, String::new(), Stamps::default(), Vec::new());
    for line in text.lines() {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "gone" => seen.gone = true,
            "alive" => seen.alive = true,
            "now" => seen.now = value.parse().unwrap_or_default(),
            "local" => value.clone_into(&mut stamps.local),
            "utc" => value.clone_into(&mut stamps.utc),
            "denied" => seen.denied = seen.denied.or_else(|| Some(judge(value))),
            "by" => by = Some(judge(value)),
            "sig" => signature = signature + value + "\n",
            "refused" => seen.refused = Some(shorten(&clean(value), 300).into_owned()),
            "key" => keys.push(value),
            "user" => value.clone_into(&mut seen.authorities.user),
            "sshd" => seen.authorities.configured(value),
            "unread" => seen.authorities.doubt(format!("{} may not be read", clean(value))),
            "ca" => seen.authorities.trusted(value),
            _ => {}
        }
    }
    seen.approved = by.filter(|_| !signature.is_empty()).map(|by| (by, signature));
    seen.authorities.in_files = keys.iter().filter_map(|line| authority(line, &stamps)).collect();
    let known = keys.into_iter().filter_map(|line| authorized(line, &stamps));
    seen.keys = known.map(|(key, comment)| (key, shorten(&clean(&comment), 60).into_owned())).collect();
    seen
}

/// Who, as the file says; one that makes no sense is somebody's all the same.
fn judge(json: &str) -> Judge {
    let told = |text: &str, most| shorten(&clean(text), most).into_owned();
    match serde_json::from_str::<Judge>(json) {
        Ok(mut it) => {
            (it.by.user, it.by.machine) = (told(&it.by.user, 60), told(&it.by.machine, 60));
            it.why = it.why.map(|why| told(&why, 300));
            it
        }
        Err(_) => Judge {
            by: crate::domain::run::Operator { user: "somebody".to_owned(), machine: "unknown".to_owned() },
            why: None,
            certificate: None,
        },
    }
}

/// Gives a signature.
pub(super) async fn give(ground: &Ground, run: &RunId, by: &Judge, signature: &str) -> Result<(), Failure> {
    let what = format!("approve {run} on {}", ground.server);
    let stdin = line(by, &what)? + signature;
    let output = ground.run(command(GIVE, ground, run).stdin(stdin), &what, DEADLINE).await?;
    answered(&output, what)
}

/// Denies it.
pub(super) async fn deny(ground: &Ground, run: &RunId, by: &Judge) -> Result<(), Failure> {
    let what = format!("deny {run} on {}", ground.server);
    let stdin = line(by, &what)?;
    let output = ground.run(command(DENY, ground, run).stdin(stdin), &what, DEADLINE).await?;
    answered(&output, what)
}

fn answered(output: &Output, what: String) -> Result<(), Failure> {
    let other = || judge(output.text().lines().next().unwrap_or_default()).by;
    let why = match output.status {
        ExitStatus::Code(0) => return Ok(()),
        ExitStatus::Code(74) => "it does not wait any more".to_owned(),
        ExitStatus::Code(75) => format!("{} approved it already", other()),
        ExitStatus::Code(76) => format!("{} denied it", other()),
        ExitStatus::Code(79) => "its ten minutes are over".to_owned(),
        _ => return Err(unsuccessful(output, &what)),
    };
    Err(Failure::new(FailureKind::Conflict, what, why))
}

/// Takes a signature away that does not count.
pub(super) async fn refuse(ground: &Ground, run: &RunId, why: &str) -> Result<(), Failure> {
    let what = format!("refuse an approval on {}", ground.server);
    let command = command(REFUSE, ground, run).stdin(format!("{}\n", clean(why)));
    ground.done(command, &what, DEADLINE).await.map(drop)
}

/// Nothing waits any more.
pub(super) async fn withdraw(ground: &Ground, run: &RunId) -> Result<(), Failure> {
    let what = format!("withdraw what was asked for on {}", ground.server);
    ground.done(command(WITHDRAW, ground, run), &what, DEADLINE).await.map(drop)
}

/// Keeps the approval of a run with it.
pub async fn keep(
    ground: &Ground,
    run: &RunId,
    plan: &FrozenPlan,
    approval: &Approval,
) -> Result<(), Failure> {
    let what = format!("keep the approval on {}", ground.server);
    let signed = message(run, plan.digest());
    let stdin = signed + &line(approval, &what)? + &approval.signature;
    ground.done(command(KEEP, ground, run).stdin(stdin), &what, DEADLINE).await.map(drop)
}

/// The signature that was kept with a run; it is empty where there is none.
pub async fn kept(ground: &Ground, run: &RunId) -> Result<String, Failure> {
    let what = format!("read the approval on {}", ground.server);
    ground.done(command(KEPT, ground, run), &what, DEADLINE).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_answer_is_none() {
        assert!(read("now 5\nsig abc\n").approved.is_none());
        assert!(read("now 5\nby {\"by\":{\"user\":\"a\",\"machine\":\"b\"}}\n").approved.is_none());
        let seen = read("now 5\nalive\nby nonsense\nsig one\nsig two\n");
        let (by, signature) = seen.approved.unwrap();
        assert_eq!((by.by.user.as_str(), signature.as_str()), ("somebody", "one\ntwo\n"));
        assert!(seen.alive && !seen.gone);
    }

    #[test]
    fn what_stands_in_a_file_cannot_reach_the_terminal() {
        let seen =
            read("denied {\"by\":{\"user\":\"\\u001b[2Jx\",\"machine\":\"m\"},\"why\":\"\\u0007no\"}\n");
        let denied = seen.denied.unwrap();
        assert!(!denied.by.user.contains('\u{1b}') && !denied.why.unwrap().contains('\u{7}'));
    }
}

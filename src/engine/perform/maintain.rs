//! Puts an app into maintenance or takes it out: its proxy's file written in one go, tested, read again, and
//! then asked for by the proxy. A reload may exit with 0 and come to nothing (nginx, where it cannot listen),
//! so only what visitors get says that it is done.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::kept::kept;
use super::route::refused;
use super::visit::{Visit, visit};
use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::maintenance::{Mark, OWN_WORDS};
use crate::domain::plan::maintain::LINGERS;
use crate::domain::plan::{Before, Maintain};
use crate::domain::run::Progress;
use crate::domain::shell::line;
use crate::engine::guarded;
use crate::engine::perform::up::ANEW;

/// `$1` the file, `$2` the test, `$3` the reload, `$4` the run, `$5` what has to stand there (`-` no
/// maintenance, `*` anything, else the run that it is by), `$6` whether it is put on, `$7` how many seconds
/// something lingers. Standard input holds the mark, then what the proxy is told; where it is taken out, what
/// lingers. A step that is taken up finds what it wrote before: while something lingers the mark still stands.
const SCRIPT: &str = concat!(
    kept!(),
    r#"f=$1 t=$2 r=$3 u=$4 x=$5; n=$f.midwatch-new o=$f.midwatch-old; umask 022
[ -f "$f" ] && [ -r "$f" ] || { echo "$f cannot be read"; exit 73; }
h=; shut "$f" && h=$(head -n 1 "$f")
of() { case $h in *"\"run\":\"$1\""*) return 0;; esac; return 1; }
if ! of "$u" && [ "$x" != '*' ]; then
  if [ "$x" = - ]; then [ -z "$h" ] || { echo 'it was put into maintenance meanwhile'; exit 75; }
  elif [ "$h" ]; then of "$x" || { echo 'it was put into maintenance anew meanwhile'; exit 75; }
  elif [ "$6" ]; then echo 'it was taken out of maintenance meanwhile'; exit 75; fi
fi
back() { [ -f "$o" ] && mv "$o" "$f"; [ -z "$r" ] || sh -c "$r" >/dev/null 2>&1; printf '%s\n' "$1"; exit 65; }
switch() {
  cmp -s "$n" "$f" || [ "$1" ] || cp -p "$f" "$o" || exit 73
  mv "$n" "$f" || exit 73
  if [ "$t" ]; then w=$(sh -c "$t" 2>&1) || back "$w"; fi
  if [ "$r" ]; then w=$(sh -c "$r" 2>&1) || back "$w"; fi
}
if [ "$6" ]; then
  IFS= read -r l; of "$u" && l=$h
  { printf '%s\n' "$l"; if [ "$h" ]; then grep '^#=' "$f"; else keep "$f"; fi; cat; } >"$n" || exit 73
  switch
elif [ "$h" ]; then
  l=$(cat); c=
  if [ "$l" ]; then
    { printf '%s\n' "$h"; grep '^#=' "$f"; kept "$f"; printf '\n%s\n' "$l"; } >"$n" || exit 73
    switch; sleep "$7"; c=1
  fi
  kept "$f" >"$n" || exit 73
  switch $c
else cat "$f" >"$n" && switch || exit 73; fi
rm -f "$o"; exit 0"#
);

/// How long the proxy may take until visitors get what they should.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is asked meanwhile, and how often in a row it has to be right: what a proxy began before it
/// read its file again may answer beside what it began after.
const PACE: Duration = Duration::from_millis(150);
const IN_A_ROW: u32 = 3;

pub(super) async fn maintain(task: &Task<'_>, it: &Maintain) -> Result<Done, Failure> {
    let before = match &it.before {
        Before::Any => "*",
        Before::Open => "-",
        Before::By(run) => run,
    };
    let ours = [it.file.clone(), line(&it.test), line(&it.reload), task.run.to_string()];
    let words = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into_iter().chain(ours);
    let on = if it.on { "on" } else { "" };
    let words = words.chain([before.to_owned(), on.to_owned(), LINGERS.to_string()]);
    let mark = it.mark.clone().unwrap_or_else(|| Mark {
        since: task.began,
        by: task.confirmed.by.to_string(),
        run: task.run.to_string(),
        notice: it.notice.clone(),
    });
    let text = if it.on { format!("{}\n{}", mark.line(), it.body) } else { it.body.clone() };
    let left = guarded::run(task, words, Some(text.into_bytes())).await?;
    match left.exit {
        0 => {}
        75 => {
            return Err(Failure::new(FailureKind::Conflict, task.what(), left.last_words()).hint(ANEW));
        }
        _ => return Err(refused(task, &left, &it.file, &it.test, &it.reload)),
    }
    sleep(it.settles).await;
    seen(task, it).await
}

/// Waits until visitors get what they should.
async fn seen(task: &Task<'_>, it: &Maintain) -> Result<Done, Failure> {
    let start = Instant::now();
    let (mut right, mut said) = (0, String::new());
    loop {
        let now = match visit(task, &it.site).await {
            Ok(answer) if told(&answer, it) == it.on => {
                right += 1;
                if right == IN_A_ROW {
                    return Ok(Done {
                        said: format!("{} answers {}", it.site, answer.status),
                        exit: Some(0),
                    });
                }
                sleep(PACE).await;
                continue;
            }
            Ok(answer) if it.on && answer.status == 503 => {
                let with = if it.own_words {
                    "in the proxy's own words"
                } else {
                    "with this page and its Retry-After"
                };
                format!("it answers 503, and not {with}: something else makes that of it")
            }
            Ok(answer) if it.on => format!("it answers {}, not 503", answer.status),
            Ok(_) => "it still answers that it is in maintenance".to_owned(),
            Err(why) => why,
        };
        right = 0;
        if start.elapsed() >= PATIENCE {
            let why = format!("{} was asked through the proxy: {now}", it.site);
            return Err(Failure::new(FailureKind::Invalid, task.what(), why).hint(
                "see that the site includes the file, that `proxy.site` is an address of it, and the proxy's own log",
            ));
        }
        if said != now {
            task.listen.progress(Progress::Saying(now.clone())).await;
            said = now;
        }
        sleep(PACE).await;
    }
}

/// Whether an answer is what visitors get during maintenance.
fn told(answer: &Visit, it: &Maintain) -> bool {
    if answer.status != 503 || it.own_words {
        return answer.status == 503 && OWN_WORDS.contains(&answer.body.trim());
    }
    answer.retry_after.as_deref() == Some(it.notice.retry_after.to_string().as_str())
        && answer.body.contains(&it.notice.page())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::maintenance::Notice;

    fn step(own_words: bool) -> Maintain {
        Maintain {
            on: true,
            notice: Notice { retry_after: 7, ..Notice::default() },
            body: String::new(),
            mark: None,
            own_words,
            before: Before::Any,
            file: "/f".into(),
            test: Vec::new(),
            reload: Vec::new(),
            settles: Duration::ZERO,
            site: "http://shop/".into(),
        }
    }

    fn answer(status: u16, retry_after: Option<&str>, body: &str) -> Visit {
        Visit { status, retry_after: retry_after.map(str::to_owned), body: body.to_owned() }
    }

    #[test]
    fn only_what_was_asked_for_is_taken_for_it() {
        let it = step(false);
        let page = it.notice.page();
        assert!(told(&answer(503, Some("7"), &page), &it));
        for other in [
            answer(200, Some("7"), &page),
            answer(503, None, &page),
            answer(503, Some("8"), &page),
            answer(503, Some("7"), "no available server\n"),
        ] {
            assert!(!told(&other, &it), "{}", other.body);
        }
    }

    #[test]
    fn traefik_own_words_are_told_from_a_503_of_the_app() {
        let it = step(true);
        assert!(told(&answer(503, None, "no available server\n"), &it));
        assert!(told(&answer(503, None, "Service Unavailable"), &it));
        for other in [
            answer(503, None, "the app is busy"),
            answer(502, None, "Bad Gateway"),
            answer(200, None, "no available server"),
        ] {
            assert!(!told(&other, &it), "{}", other.body);
        }
    }
}

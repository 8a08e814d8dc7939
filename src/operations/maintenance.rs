//! Maintenance: an app's visitors are told so by its own proxy, and are sent to the app again when it is
//! over. All servers at the same time: whoever comes by another name gets the same.

use std::time::Duration;

use super::Refusal;
use super::facts::{AppFacts, ServerFacts};
use super::numbering::Numbers;
use super::preflight::{self, Subject};
use super::selection::{chosen, known, place};
use super::telling::merged;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::maintenance::{ALONE, LONGEST, Notice, Shut, lingering};
use crate::domain::plan::{
    Act, Before, Change, FORMAT, Finding, Judgement, Lane, Maintain, Operation, Plan, Stage, Step,
};
use crate::domain::proxy::Proxy;

/// How long the proxy's test, its reload and the look at what visitors get may take.
const SWITCH: Duration = Duration::from_secs(90);
/// nginx's own ports begin here; below are those of others, for the most part.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// What visitors are told; `None` to send them to the app again.
    pub on: Option<Notice>,
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Why.
    pub reason: Option<String>,
}

/// Plans it.
pub fn plan(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let (proxy, site) = possible(spec)?;
    let notice = match &ask.on {
        Some(notice) => Some(said(spec, proxy, notice, ask.reason.as_deref())?),
        None => None,
    };
    let servers = chosen(spec, &ask.servers)?;
    let known = known(facts, &servers)?;
    let mut numbers = Numbers::default();
    let (mut findings, mut changes, mut interrupts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut there, mut back) = (Vec::new(), Vec::new());
    for (server, facts) in &known {
        let subject = Subject {
            spec,
            operation: Operation::Maintenance,
            server,
            place: place(spec, server)?,
            facts,
            only: &[],
        };
        findings.extend(preflight::findings(&subject, ask.reason.is_some()));
        findings.push(stands(spec, server, facts, notice.is_some()));
        let one = One { proxy, site, shut: facts.maintenance() };
        let Some(to) = one.to(notice.as_ref(), spec, facts) else { continue };
        changes.push(one.change(server, notice.as_ref()));
        if to.on && one.shut.is_none() {
            interrupts.push(format!(
                "visitors of {} on {server}: they get a 503 until it is taken out of maintenance",
                spec.id
            ));
        }
        back.push((server, one.back(&to)));
        there.push((server, to));
    }
    let word = if notice.is_some() { "put into maintenance" } else { "take out of maintenance" };
    let stages = vec![stage(&mut numbers, word, there)];
    let undo = vec![stage(&mut numbers, "put back", back)];
    let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
    let (title, undone_by) = match &notice {
        Some(_) => ("put {} into maintenance", "off"),
        None => ("take {} out of maintenance", "on"),
    };
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Maintenance,
        app: spec.id.clone(),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("{} on {}", title.replace("{}", spec.id.as_str()), names.join(", ")),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: servers.iter().filter_map(|it| Some((it.clone(), spec.places.get(it)?.clone()))).collect(),
        changes: merged(&changes, known.len()),
        findings,
        interrupts,
        leaves: None,
        stages,
        undo,
        undone_by: format!(
            "a failure puts the file back as it was by itself; later: midwatch maintenance {} {undone_by}",
            spec.id
        ),
    })
}

/// The proxy by whose file it is done, and the address by which it is seen.
fn possible(spec: &AppSpec) -> Result<(&Proxy, &str), Refusal> {
    let app = &spec.id;
    let refused = |why: String, hint: String| {
        let what = format!("put {app} into maintenance");
        Refusal::Senseless(Failure::new(FailureKind::Invalid, what, why).hint(hint))
    };
    let Some(proxy) = &spec.proxy else {
        return Err(refused(
            "no proxy before it is configured, and it is the proxy that tells visitors".to_owned(),
            format!(
                "add [apps.{app}.proxy] with `kind`, `file`, `service` and `port`, and have the proxy's site include that file"
            ),
        ));
    };
    let Some(site) = &proxy.site else {
        return Err(refused(
            "no address of it is known, by which it is seen what visitors get".to_owned(),
            format!("say it: [apps.{app}.proxy] site = \"https://…/\", or add an HTTP check of the app"),
        ));
    };
    Ok((proxy, site))
}

/// What visitors are told, where it can be told.
fn said(spec: &AppSpec, proxy: &Proxy, notice: &Notice, reason: Option<&str>) -> Result<Notice, Refusal> {
    let message = notice.message.as_deref().map(str::trim).filter(|it| !it.is_empty());
    if let Some(long) = message.map(|it| it.chars().count()).filter(|long| *long > LONGEST) {
        let what = format!("put {} into maintenance", spec.id);
        let why = format!("the message has {long} characters; {LONGEST} is the most");
        return Err(Refusal::Senseless(Failure::new(FailureKind::Invalid, what, why)));
    }
    let own_words = proxy.kind.has_own_words();
    if own_words && message.is_some() {
        let what = format!("tell visitors of {} that", spec.id);
        let why = format!("{} answers in its own words: its file has no place for others", proxy.kind.word());
        return Err(Refusal::Senseless(
            Failure::new(FailureKind::Invalid, what, why).hint("leave the message away"),
        ));
    }
    let reason = reason.map(|it| it.chars().take(LONGEST).collect());
    let retry_after = if own_words { 0 } else { notice.retry_after };
    Ok(Notice { message: message.map(str::to_owned), reason, retry_after })
}

/// How it stands on a server, against what is asked for.
fn stands(spec: &AppSpec, server: &ServerId, facts: &ServerFacts, on: bool) -> Finding {
    let (judgement, found, remedy) = match (facts.maintenance(), on) {
        (Some(shut), true) => {
            let says = shut.mark.says();
            let found = format!("it is in maintenance already, {says}: what visitors are told changes");
            (Judgement::Noted, found, None)
        }
        (Some(shut), false) => (Judgement::Good, format!("it is in maintenance {}", shut.mark.says()), None),
        (None, true) => (Judgement::Good, "it is not in maintenance".to_owned(), None),
        (None, false) => (
            Judgement::Refused,
            "it is not in maintenance".to_owned(),
            Some(format!(
                "where it is on other servers, name those: --server; what visitors get: midwatch status, midwatch check (app {})",
                spec.id
            )),
        ),
    };
    Finding {
        check: "visitors".to_owned(),
        server: Some(server.clone()),
        judgement,
        found,
        remedy,
        may_override: false,
    }
}

/// One server.
struct One<'a> {
    proxy: &'a Proxy,
    site: &'a str,
    shut: Option<&'a Shut>,
}

impl One<'_> {
    /// What is done there; nothing where it is as asked for.
    fn to(&self, notice: Option<&Notice>, spec: &AppSpec, facts: &ServerFacts) -> Option<Maintain> {
        let before = self.shut.map_or(Before::Open, |it| Before::By(it.mark.run.clone()));
        if let Some(notice) = notice {
            let body = notice.body(self.proxy, self.port(spec, facts));
            return Some(self.maintain(true, body, notice.clone(), before));
        }
        let shut = self.shut?;
        Some(self.maintain(false, lingering(&shut.body).to_owned(), shut.mark.notice.clone(), before))
    }

    /// The way back from it.
    fn back(&self, to: &Maintain) -> Maintain {
        match self.shut {
            Some(shut) => Maintain {
                mark: Some(shut.mark.clone()),
                ..self.maintain(true, shut.body.clone(), shut.mark.notice.clone(), Before::Any)
            },
            None => self.maintain(false, lingering(&to.body).to_owned(), to.notice.clone(), Before::Any),
        }
    }

    fn maintain(&self, on: bool, body: String, notice: Notice, before: Before) -> Maintain {
        let proxy = self.proxy;
        Maintain {
            on,
            notice,
            body,
            mark: None,
            own_words: proxy.kind.has_own_words(),
            before,
            file: proxy.file.clone(),
            test: proxy.test.clone(),
            reload: proxy.reload.clone(),
            settles: proxy.kind.settles(),
            site: self.site.to_owned(),
        }
    }

    fn change(&self, server: &ServerId, notice: Option<&Notice>) -> Change {
        let told = |it: &Notice| {
            if self.proxy.kind.has_own_words() {
                return format!("503 in {}'s own words, without Retry-After", self.proxy.kind.word());
            }
            let message = it.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            format!("503, Retry-After {} s{message}", it.retry_after)
        };
        let app = || format!("{} as its file has it", self.proxy.service);
        Change {
            server: Some(server.clone()),
            what: "what visitors get".to_owned(),
            from: Some(self.shut.map_or_else(app, |shut| told(&shut.mark.notice))),
            to: Some(notice.map_or_else(app, told)),
        }
    }

    /// A port of nginx's own for this app: the one that it has, else one by its name that nobody takes.
    fn port(&self, spec: &AppSpec, facts: &ServerFacts) -> u16 {
        let own = self.shut.and_then(|shut| {
            let (_, rest) = shut.body.split_once(&format!("{ALONE}:"))?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        });
        let hash = spec
            .id
            .as_str()
            .bytes()
            .fold(7_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(u16::from(byte)));
        let taken = facts.listening.as_deref().unwrap_or_default();
        let free = (0..PORTS).map(|n| FIRST_PORT + (hash % PORTS + n) % PORTS);
        own.or_else(|| free.into_iter().find(|port| !taken.contains(port))).unwrap_or(FIRST_PORT)
    }
}

fn stage(numbers: &mut Numbers, title: &str, to: Vec<(&ServerId, Maintain)>) -> Stage {
    let lanes = to.into_iter().map(|(server, it)| {
        let said =
            if it.on { "tell visitors that it is in maintenance" } else { "send visitors to the app again" };
        let steps: Vec<Step> = vec![numbers.step(said, Act::Maintain(Box::new(it)), SWITCH)];
        Lane { server: server.clone(), steps }
    });
    Stage { title: title.to_owned(), lanes: lanes.collect(), tidies: false, only_after: Vec::new() }
}

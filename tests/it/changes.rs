//! Changes from the keyboard, without a server: what each key asks of the runtime, and how plan, run,
//! releases and an interrupted run look.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use midwatch::app::{App, Wardrobe};
use midwatch::domain::approval::{Request, Verdict, Waiting};
use midwatch::domain::deploy::Place;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::ids::{RequestId, ServerId};
use midwatch::domain::plan::act::Act;
use midwatch::domain::plan::{
    Change, FORMAT, Finding, FrozenPlan, Judgement, Lane, Operation, Plan, PlanDigest, Stage, Step, StepId,
};
use midwatch::domain::quantity::Bytes;
use midwatch::domain::release::lock::Holder;
use midwatch::domain::release::{Release, ReleaseNumber, ReleaseOutcome};
use midwatch::domain::run::{News, Operator, Outcome, Progress, RunEnd, RunId, RunNews};
use midwatch::domain::setup::{AppSetup, ChangeSetup, Guard, ServerSetup, Setup};
use midwatch::domain::thresholds::Thresholds;
use midwatch::domain::time::Timestamp;
use midwatch::domain::unfinished::{Here, Trace, Unfinished, Way};
use midwatch::keys::chord::Chord;
use midwatch::message::change::{Asked, Ledger, Ledgers, Looked, Manner, Planned, Wanted};
use midwatch::message::effect::Effect;
use midwatch::message::event::{Event, Reply};
use midwatch::state::State;
use midwatch::state::page::Page;
use midwatch::theme::file::ThemeFile;
use midwatch::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const START: i64 = 1_795_215_600;

/// So many seconds after the start.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

/// A console with one app on some servers, selected on the overview.
struct Desk {
    app: App,
    now: Timestamp,
}

impl Desk {
    fn new(columns: u16, rows: u16, servers: &[&str]) -> Self {
        let theme = Theme::new(&ThemeFile::shipped("dark").unwrap(), Depth::True, false);
        let app = App::new(State::new(columns, rows, 1 << 20), Wardrobe { themes: vec![theme] });
        let mut desk = Self { app, now: at(0) };
        desk.tell(Event::Setup(setup(servers)));
        desk.press("tab");
        desk
    }

    fn tell(&mut self, event: Event) -> Vec<Effect> {
        self.app.settle(self.now);
        let effects = self.app.handle(event, self.now);
        self.app.settle(self.now);
        effects
    }

    fn press(&mut self, keys: &str) -> Vec<Effect> {
        let keys = keys.split_whitespace().map(|key| key.parse::<Chord>().unwrap());
        let mut last = Vec::new();
        for key in keys {
            last = self.tell(Event::Key(key));
        }
        last
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(Event::Key(Chord::char(c)));
        }
    }

    fn wait(&mut self, seconds: f64) {
        self.now = self.now + Duration::from_secs_f64(seconds);
    }

    fn reply(&mut self, request: RequestId, reply: Reply) -> Vec<Effect> {
        self.tell(Event::Reply(request, reply))
    }

    /// Asks for a deploy of this tag; what is asked of the runtime.
    fn deploy(&mut self, tag: &str) -> RequestId {
        self.press("d");
        self.write(tag);
        let effects = self.press("enter");
        let asked = Asked {
            app: "shop".into(),
            what: Wanted::Tag(tag.to_owned()),
            manner: Manner::default(),
            reason: None,
        };
        planned(&effects, &asked)
    }

    /// To where a plan can be confirmed.
    fn shown(&mut self, plan: FrozenPlan) {
        let request = self.deploy("1.1");
        let last = Some(Duration::from_secs(14));
        self.reply(request, Reply::Planned(Box::new(Planned { plan, last })));
        self.wait(1.0);
    }

    /// To where a plan is carried out.
    fn running(&mut self, plan: FrozenPlan) -> RequestId {
        self.shown(plan);
        let effects = self.press("enter");
        let Some(Effect::Run(request, _)) = effects.first() else { panic!("{effects:?}") };
        *request
    }

    fn news(&mut self, request: RequestId, what: News) -> Vec<Effect> {
        let run = RunId::new(at(1), &PlanDigest::of(b"it"));
        let news = RunNews { run, at: self.now, what };
        self.reply(request, Reply::Run(Box::new(news)))
    }

    fn screen(&mut self) -> String {
        self.app.settle(self.now);
        let size = self.app.state.size;
        let mut buf = Buffer::empty(Rect::new(0, 0, size.columns, size.rows));
        self.app.draw(&mut buf);
        let row = |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..buf.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }
}

fn planned(effects: &[Effect], wanted: &Asked) -> RequestId {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Plan(request, asked) => Some((*request, asked)),
        _ => None,
    });
    let (request, asked) = found.unwrap_or_else(|| panic!("nothing is planned: {effects:?}"));
    assert_eq!(asked, wanted);
    request
}

fn setup(servers: &[&str]) -> Setup {
    let server = |name: &&str| ServerSetup {
        id: (*name).into(),
        address: format!("ops@{name}.example"),
        environment: None,
        labels: BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(2),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    };
    Setup {
        servers: servers.iter().map(server).collect(),
        apps: vec![AppSetup {
            id: "shop".into(),
            environment: None,
            project: "shop".into(),
            servers: servers.iter().map(|name| (*name).into()).collect(),
            checks: Vec::new(),
            proxied: false,
        }],
        changeable: BTreeMap::from([(
            "shop".into(),
            ChangeSetup { services: vec!["web".into()], ..ChangeSetup::default() },
        )]),
        theme: "dark".into(),
        ..Setup::default()
    }
}

fn finding(check: &str, server: &str, judgement: Judgement, found: &str) -> Finding {
    Finding {
        check: check.into(),
        server: Some(server.into()),
        judgement,
        found: found.into(),
        remedy: None,
        may_override: false,
    }
}

/// A plan of a deploy with two changes and all that there is to be told.
fn plan(servers: &[&str], guard: Guard, mut findings: Vec<Finding>) -> FrozenPlan {
    let mut id = 0;
    let mut stage = |title: &str, steps: &[&str]| {
        let mut lane = |server: &&str| {
            let steps = steps.iter().map(|title| {
                id += 1;
                let act = Act::Compose { words: vec!["ps".into()] };
                Step { id: StepId(id), title: (*title).into(), act, deadline: Duration::from_secs(60) }
            });
            Lane { server: (*server).into(), steps: steps.collect() }
        };
        Stage {
            title: title.into(),
            lanes: servers.iter().map(&mut lane).collect(),
            tidies: false,
            only_after: Vec::new(),
        }
    };
    let replace = format!("replace on {}", servers.join(", "));
    let stages = vec![
        stage("prepare", &["write release 7", "pull registry.example/shop:1.1"]),
        stage(&replace, &["replace web", "wait until web is good"]),
        stage("watch", &["watch for 2m"]),
        stage("record", &["make release 7 the current one"]),
    ];
    let undo = vec![stage("put back", &["put release 6 back", "wait until web is good"])];
    for server in servers {
        findings.push(finding("lock", server, Judgement::Good, "nobody else changes it"));
        findings.push(finding("disk", server, Judgement::Good, "12 GB are free"));
    }
    let digest = |digit: &str| digit.repeat(64);
    let change = |server: Option<ServerId>, what: &str, from: Option<String>, to: Option<String>| Change {
        server,
        what: what.into(),
        from,
        to,
    };
    let image =
        |tag: &str, digit: &str| Some(format!("registry.example/shop:{tag}@sha256:{}", digest(digit)));
    let secret = Some("(not shown)".to_owned());
    let place = Place {
        project: "shop".into(),
        directory: "/srv/shop".into(),
        file: "compose.yaml".into(),
        env_file: None,
    };
    FrozenPlan::freeze(Plan {
        format: FORMAT,
        operation: Operation::Deploy,
        app: "shop".into(),
        environment: None,
        guard,
        title: format!("deploy shop with registry.example/shop:1.1 to {}", servers.join(", ")),
        as_of: at(0),
        reason: None,
        places: servers.iter().map(|server| ((*server).into(), place.clone())).collect(),
        changes: vec![
            change(None, "web.image", image("1.0", "a"), image("1.1", "b")),
            change(None, "web.environment.API_TOKEN", secret.clone(), secret),
            change(Some(servers[0].into()), "web.environment.MODE", None, Some("fancy".into())),
        ],
        findings,
        interrupts: vec![format!(
            "web on {}: its container is stopped before the new one starts",
            servers[0]
        )],
        leaves: None,
        stages,
        undo,
        undone_by: "a failure puts the release before back by itself; later: midwatch rollback shop".into(),
    })
    .unwrap()
}

fn refused(may_override: bool) -> Finding {
    Finding {
        remedy: Some("mend it or roll back first, or say with --reason why this deploy is the cure".into()),
        may_override,
        ..finding("health", "web-1", Judgement::Refused, "shop-web-1 is not well before the deploy")
    }
}

const TWO: [&str; 2] = ["web-1", "web-2"];
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

#[test]
fn a_deploy_is_planned_shown_confirmed_and_followed_to_its_end() {
    let mut desk = Desk::new(120, 40, &TWO);
    let request = desk.deploy("1.1");
    assert_eq!(*desk.app.state.nav.page(), Page::Plan);
    desk.reply(request, Reply::Looked("web-1".into(), Looked::Whole));
    assert!(desk.press("enter").is_empty(), "confirmed before there was a plan");
    let plan = plan(&TWO, Guard::Confirm, Vec::new());
    desk.reply(request, Reply::Planned(Box::new(Planned { plan: plan.clone(), last: None })));
    assert!(desk.press("enter").is_empty(), "a key that was under way confirmed it");
    desk.wait(0.5);
    let effects = desk.press("enter");
    let Some(Effect::Run(run, confirmed)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(confirmed.digest(), plan.digest(), "another plan than the one that was shown");
    let run = *run;
    assert_eq!(*desk.app.state.nav.page(), Page::Run(run));
    desk.news(run, News::Begun);
    // It goes on while nobody looks, and is found again.
    desk.press("esc");
    assert_eq!(*desk.app.state.nav.page(), Page::Overview, "there is no way back to a plan that is done");
    assert!(desk.screen().contains("deploy shop"));
    desk.press("w");
    assert_eq!(*desk.app.state.nav.page(), Page::Run(run));
    desk.press("esc");
    let end = RunEnd { outcome: Outcome::Done, because: None, stands: Vec::new(), took: Duration::ZERO };
    let effects = desk.news(run, News::Ended(end));
    assert!(matches!(&effects[..], [Effect::LookUnfinished(app)] if app.as_str() == "shop"), "{effects:?}");
    assert!(desk.screen().contains("done and verified"));
}

#[test]
fn an_environment_that_wants_the_name_gets_it_first() {
    let mut desk = Desk::new(80, 24, &TWO);
    desk.shown(plan(&TWO, Guard::TypeName, Vec::new()));
    assert!(desk.press("enter").is_empty());
    desk.write("shpo");
    assert!(desk.press("enter").is_empty());
    desk.press("ctrl-u");
    desk.write("shop");
    insta::assert_snapshot!("name-80", desk.screen());
    assert!(matches!(desk.press("enter").first(), Some(Effect::Run(..))));
    let mut desk = Desk::new(80, 24, &TWO);
    desk.shown(plan(&TWO, Guard::TwoPerson, Vec::new()));
    assert!(desk.screen().contains("Enter asks for a second person"));
    assert!(matches!(desk.press("enter").first(), Some(Effect::Run(..))));
}

#[test]
fn a_run_of_another_console_is_shown_and_approved_as_it_was_shown() {
    let mut desk = Desk::new(80, 24, &TWO);
    let plan = plan(&TWO, Guard::TwoPerson, Vec::new());
    let run = RunId::new(at(0), plan.digest());
    let request = Request {
        run: run.clone(),
        digest: plan.digest().clone(),
        by: Operator { user: "ann".into(), machine: "laptop".into() },
        key: "SHA256:abc".into(),
        held: BTreeSet::from(["SHA256:abc".into()]),
        name: None,
    };
    let left = Duration::from_secs(590);
    let waiting = Waiting { request, plan: plan.clone(), left, alive: true, on: vec!["web-1".into()] };
    assert!(waiting.is_sound());
    desk.tell(Event::Waiting("shop".into(), vec![waiting.clone()]));
    assert!(desk.screen().contains("waits for a second person, A shows it"), "{}", desk.screen());
    desk.press("A");
    insta::assert_snapshot!("approval-80", desk.screen());
    assert!(desk.press("a").is_empty());
    assert!(desk.press("y").is_empty(), "it was not read yet");
    desk.wait(1.0);
    let effects = desk.press("y");
    assert!(
        matches!(&effects[..], [Effect::Approve(_, it, Verdict::Approve)] if **it == waiting),
        "{effects:?}"
    );
    // Nobody is there who would begin it.
    desk.tell(Event::Waiting("shop".into(), vec![Waiting { alive: false, ..waiting.clone() }]));
    assert!(desk.press("a").is_empty());
    assert!(desk.screen().contains("not connected"));
    // It is over while it is looked at.
    desk.press("x");
    desk.tell(Event::Waiting("shop".into(), Vec::new()));
    desk.wait(1.0);
    assert!(desk.press("y").is_empty());
    assert!(!desk.screen().contains("second person"), "{}", desk.screen());
}

#[test]
fn a_run_that_waits_says_so_and_for_whom() {
    let mut desk = Desk::new(80, 24, &TWO);
    let request = desk.running(plan(&TWO, Guard::TwoPerson, Vec::new()));
    desk.news(request, News::Waits(Duration::from_secs(600)));
    desk.news(request, News::Unapproved("the approval of eve@x does not count: it is made up".into()));
    desk.wait(20.0);
    insta::assert_snapshot!("waits-80", desk.screen());
    desk.news(request, News::Approved("ben@desk with the key SHA256:def".into()));
    assert!(desk.screen().contains("approved by ben@desk"), "{}", desk.screen());
    assert!(!desk.screen().contains("midwatch approve"), "{}", desk.screen());
}

#[test]
fn what_is_refused_is_planned_again_with_a_reason_or_not_at_all() {
    let mut desk = Desk::new(80, 24, &TWO);
    desk.shown(plan(&TWO, Guard::Confirm, vec![refused(true)]));
    insta::assert_snapshot!("refused-80", desk.screen());
    assert!(desk.press("enter").is_empty());
    assert!(desk.press("enter").is_empty(), "no reason is no reason");
    desk.write("it is the cure");
    let effects = desk.press("enter");
    let what = Wanted::Tag("1.1".into());
    planned(
        &effects,
        &Asked { app: "shop".into(), what, manner: Manner::default(), reason: Some("it is the cure".into()) },
    );

    let mut desk = Desk::new(80, 24, &TWO);
    desk.shown(plan(&TWO, Guard::Confirm, vec![refused(true), refused(false)]));
    assert!(desk.press("enter").is_empty());
    assert!(desk.app.state.overlays.is_empty());
    assert!(desk.screen().contains("no reason overrides this"));
}

#[test]
fn leaving_a_plan_that_is_made_ends_the_making() {
    let mut desk = Desk::new(80, 24, &TWO);
    let request = desk.deploy("1.1");
    let effects = desk.press("esc");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Unplan)), "{effects:?}");
    let plan = plan(&TWO, Guard::Confirm, Vec::new());
    desk.reply(request, Reply::Planned(Box::new(Planned { plan, last: None })));
    assert_eq!(*desk.app.state.nav.page(), Page::Overview);
    assert!(desk.app.state.plan.plan().is_none());
}

#[test]
fn neither_a_recording_nor_a_console_that_only_reads_changes_anything() {
    let mut desk = Desk::new(80, 24, &TWO);
    desk.app.state.replayed = true;
    for key in ["d", "r", "R", "B", "X", "S"] {
        assert!(desk.press(key).is_empty(), "{key}");
        assert!(desk.screen().contains("this is a recording"), "{key}\n{}", desk.screen());
    }
    let mut desk = Desk::new(80, 24, &TWO);
    desk.tell(Event::Setup(Setup { read_only: true, ..setup(&TWO) }));
    desk.shown(plan(&TWO, Guard::Confirm, Vec::new()));
    assert!(desk.press("enter").is_empty());
    assert!(desk.screen().contains("--read-only"));
}

#[test]
fn an_app_that_is_not_configured_says_what_is_missing() {
    let mut desk = Desk::new(120, 40, &TWO);
    desk.tell(Event::Setup(Setup { changeable: BTreeMap::new(), ..setup(&TWO) }));
    assert!(desk.press("d").is_empty());
    assert!(desk.screen().contains("[apps.shop] servers, compose"), "{}", desk.screen());
}

#[test]
fn quitting_in_a_run_asks_and_a_signal_does_not() {
    let mut desk = Desk::new(80, 24, &TWO);
    assert!(matches!(desk.press("q")[..], [Effect::Quit]));
    let run = desk.running(plan(&TWO, Guard::Confirm, Vec::new()));
    desk.news(run, News::Begun);
    assert!(desk.press("q").is_empty());
    insta::assert_snapshot!("quit-80", desk.screen());
    assert!(desk.press("y").is_empty(), "a key that was under way is no answer");
    desk.wait(0.5);
    assert!(desk.press("enter").is_empty());
    assert!(matches!(desk.press("y")[..], [Effect::Quit]));
    assert!(matches!(desk.tell(Event::Quit)[..], [Effect::Quit]));
}

#[test]
fn a_run_is_cancelled_once_and_after_a_question() {
    let mut desk = Desk::new(80, 24, &TWO);
    let run = desk.running(plan(&TWO, Guard::Confirm, Vec::new()));
    assert!(desk.press("c").is_empty());
    desk.wait(0.5);
    assert!(matches!(desk.press("y")[..], [Effect::CancelRun(request)] if request == run));
    assert!(desk.press("c").is_empty());
    assert!(desk.app.state.overlays.is_empty(), "it is cancelled already");
}

#[test]
fn a_run_that_fails_while_nobody_looks_stays_on_the_screen() {
    let mut desk = Desk::new(80, 24, &TWO);
    let run = desk.running(plan(&TWO, Guard::Confirm, Vec::new()));
    desk.press("esc");
    let because = Failure::new(FailureKind::Unreachable, "reach web-2", "the connection was cut");
    let stands = vec![("web-2".into(), "in between: it was changed, and is not known to be good".into())];
    let took = Duration::from_secs(3);
    desk.news(run, News::Ended(RunEnd { outcome: Outcome::Partial, because: Some(because), stands, took }));
    desk.wait(600.0);
    desk.tell(Event::Tick);
    insta::assert_snapshot!("partial-80", desk.screen());
}

#[test]
fn a_run_that_cannot_be_begun_is_over() {
    let mut desk = Desk::new(80, 24, &TWO);
    let run = desk.running(plan(&TWO, Guard::Confirm, Vec::new()));
    let failure = Failure::new(FailureKind::NotFound, "find the journal", "this user has no home directory");
    desk.reply(run, Reply::Failed(failure));
    assert!(desk.screen().contains("failed before anything was changed"), "{}", desk.screen());
    assert!(matches!(desk.press("q")[..], [Effect::Quit]));
}

#[test]
fn how_a_plan_looks() {
    for (columns, rows) in SIZES {
        let mut desk = Desk::new(columns, rows, &TWO);
        let request = desk.deploy("1.1");
        desk.reply(request, Reply::Looked("web-1".into(), Looked::Stands));
        let lost = Failure::new(FailureKind::Unreachable, "reach web-2", "no answer for 10 s");
        desk.reply(request, Reply::Looked("web-2".into(), Looked::Failed(lost.clone())));
        desk.wait(2.0);
        insta::assert_snapshot!(format!("looking-{columns}"), desk.screen());
        desk.reply(request, Reply::Unplanned(vec![(Some("web-2".into()), lost)]));
        insta::assert_snapshot!(format!("no-plan-{columns}"), desk.screen());
        desk.press("esc");
        desk.shown(plan(&TWO, Guard::Confirm, Vec::new()));
        insta::assert_snapshot!(format!("plan-{columns}"), desk.screen());
        desk.press("G");
        insta::assert_snapshot!(format!("plan-end-{columns}"), desk.screen());
    }
}

/// A run in the middle: one server pulls, the other is done with that.
fn in_the_middle(desk: &mut Desk, servers: &[&str]) -> RequestId {
    let run = desk.running(plan(servers, Guard::Confirm, Vec::new()));
    desk.news(run, News::Begun);
    let prepare = |server: usize| [StepId(server as u16 * 2 + 1), StepId(server as u16 * 2 + 2)];
    for server in 0..servers.len() {
        let [write, pull] = prepare(server);
        desk.news(run, News::StepBegun(write));
        desk.news(run, News::StepDone(write, String::new(), Duration::from_millis(340)));
        desk.news(run, News::StepBegun(pull));
        let progress = |done: u64| Progress::Pulled { done: Bytes(done << 20), total: Bytes(96 << 20) };
        desk.news(run, News::Progress(pull, progress(8)));
        desk.wait(2.0);
        if server > 0 {
            desk.news(run, News::StepDone(pull, "96 MB in 5 layers".into(), Duration::from_millis(1900)));
        } else {
            desk.news(run, News::Progress(pull, progress(40)));
        }
    }
    run
}

#[test]
fn how_a_run_looks() {
    for (columns, rows) in SIZES {
        let mut desk = Desk::new(columns, rows, &TWO);
        let run = in_the_middle(&mut desk, &TWO);
        insta::assert_snapshot!(format!("run-{columns}"), desk.screen());
        desk.news(run, News::StepDone(StepId(2), String::new(), Duration::from_secs(4)));
        desk.news(run, News::StepBegun(StepId(6)));
        let why = Failure {
            why: vec![
                "shop-web-1 keeps restarting".into(),
                "FATAL: no DATABASE_URL in the environment".into(),
            ],
            ..Failure::new(FailureKind::Invalid, "wait until web is good on web-1", "")
        }
        .hint("its last lines: .midwatch/releases/0007/log-web.txt");
        desk.news(run, News::StepFailed(StepId(6), why.clone()));
        desk.news(run, News::Undoing(why.reason()));
        desk.news(run, News::StepBegun(StepId(13)));
        desk.wait(1.0);
        insta::assert_snapshot!(format!("undoing-{columns}"), desk.screen());
        let stands = TWO.map(|server| (server.into(), "as before: put back and verified".to_owned()));
        let end = RunEnd {
            outcome: Outcome::Failed,
            because: Some(why),
            stands: stands.to_vec(),
            took: Duration::from_secs(31),
        };
        desk.news(run, News::Ended(end));
        insta::assert_snapshot!(format!("failed-{columns}"), desk.screen());
    }
}

#[test]
fn how_a_run_on_eight_servers_looks() {
    let names: Vec<String> = (1..=8).map(|n| format!("web-{n}")).collect();
    let servers: Vec<&str> = names.iter().map(String::as_str).collect();
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut desk = Desk::new(columns, rows, &servers);
        in_the_middle(&mut desk, &servers);
        insta::assert_snapshot!(format!("run-8-{columns}"), desk.screen());
    }
}

fn release(number: u32, outcome: ReleaseOutcome) -> Release {
    let taken = at(-3600 * i64::from(10 - number));
    let plan = PlanDigest::of(b"it");
    let image = format!("registry.example/shop:1.{number}@sha256:{}", "c".repeat(64));
    Release {
        number: ReleaseNumber(number),
        app: "shop".into(),
        at: taken,
        by: Operator { user: "ops".into(), machine: "laptop".into() },
        reason: (number == 4).then(|| "the cart lost its coupons".to_owned()),
        run: RunId::new(taken, &plan),
        plan,
        adopted: number == 1,
        images: BTreeMap::from([("web".to_owned(), image.parse().unwrap())]),
        outcome,
        because: (outcome == ReleaseOutcome::RolledBack).then(|| "shop-web-1 keeps restarting".to_owned()),
        migrations: Vec::new(),
    }
}

#[test]
fn releases_and_three_keys_to_a_rollback() {
    use ReleaseOutcome::{Good, RolledBack};
    for (columns, rows) in SIZES {
        let mut desk = Desk::new(columns, rows, &TWO);
        let effects = desk.press("r");
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::Releases(request, _) => Some(*request),
            _ => None,
        });
        let releases = [(1, Good), (2, Good), (3, RolledBack), (4, Good)];
        let releases = releases.map(|(number, outcome)| release(number, outcome)).to_vec();
        let ledger = Ledger { current: Some(ReleaseNumber(4)), releases };
        let servers = TWO.map(|server| (ServerId::from(server), Ok(ledger.clone())));
        desk.reply(asked.unwrap(), Reply::Releases(Ledgers { servers: servers.into() }));
        insta::assert_snapshot!(format!("releases-{columns}"), desk.screen());
        let effects = desk.press("enter");
        let what = Wanted::Release(ReleaseNumber(2));
        let request =
            planned(&effects, &Asked { app: "shop".into(), what, manner: Manner::default(), reason: None });
        let plan = plan(&TWO, Guard::Confirm, Vec::new());
        desk.reply(request, Reply::Planned(Box::new(Planned { plan, last: None })));
        desk.wait(1.0);
        assert!(matches!(desk.press("enter").first(), Some(Effect::Run(..))));
        // What was done meanwhile is in the list that one comes back to.
        let effects = desk.press("esc");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Releases(..))), "{effects:?}");
    }
}

fn interrupted(alive: bool) -> Unfinished {
    let plan = plan(&TWO, Guard::Confirm, Vec::new());
    let run = RunId::new(at(-90), plan.digest());
    let by = Operator { user: "ops".into(), machine: "laptop".into() };
    let holder = Holder { run: run.clone(), by, since: at(-90), what: plan.plan().title.clone() };
    let trace = |steps: &[u16]| Trace {
        locked: Some(holder.clone()),
        alive,
        known: true,
        begun: steps.iter().map(|id| StepId(*id)).collect::<BTreeSet<_>>(),
        end: None,
        here: BTreeMap::new(),
    };
    let traces = [("web-1", trace(&[1, 2, 5])), ("web-2", trace(&[3]))];
    let traces = traces.map(|(server, trace)| (server.into(), Ok(trace)));
    Unfinished { run, plan, traces: traces.into() }
}

#[test]
fn an_interrupted_run_is_a_problem_with_three_ways_on() {
    let mut desk = Desk::new(80, 24, &TWO);
    desk.tell(Event::Unfinished("shop".into(), vec![interrupted(false)]));
    insta::assert_snapshot!("interrupted-overview-80", desk.screen());
    desk.press("enter");
    insta::assert_snapshot!("interrupted-app-80", desk.screen());
    desk.press("u");
    insta::assert_snapshot!("interrupted-80", desk.screen());
    assert!(desk.press("f").is_empty());
    desk.wait(0.5);
    let effects = desk.press("y");
    let Some(Effect::Resume(request, it, Way::Finish)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(it.run, interrupted(false).run);
    let request = *request;
    // While it is carried out here it is no problem.
    desk.app.settle(desk.now);
    assert!(desk.app.state.fleet.problems().iter().all(|problem| !problem.cause.contains("interrupted")));
    let end = RunEnd { outcome: Outcome::Done, because: None, stands: Vec::new(), took: Duration::ZERO };
    desk.news(request, News::Ended(end));
    desk.tell(Event::Unfinished("shop".into(), Vec::new()));
    desk.press("esc");
    assert!(!desk.screen().contains("interrupted"), "{}", desk.screen());
}

#[test]
fn what_ran_and_what_would_run_on_this_machine_is_told_before_a_run_is_finished() {
    let mut it = interrupted(false);
    let mut plan = it.plan.plan().clone();
    let here = |id: u16, title: &str| Step {
        id: StepId(id),
        title: title.into(),
        act: Act::Here { command: vec!["true".into()], folder: "/ops".into(), env: BTreeMap::new() },
        deadline: Duration::from_secs(60),
    };
    let steps = vec![here(90, "warn the others"), here(91, "purge the CDN")];
    let lanes = vec![Lane { server: "web-1".into(), steps }];
    plan.stages.push(Stage {
        title: "after, on the console's machine".into(),
        lanes,
        tidies: false,
        only_after: Vec::new(),
    });
    it.plan = FrozenPlan::freeze(plan).unwrap();
    let trace = it.traces.get_mut("web-1").unwrap().as_mut().unwrap();
    trace.begun.insert(StepId(90));
    trace.here.insert(StepId(90), Here { by: "ops@laptop".into(), exit: None });
    let mut desk = Desk::new(80, 24, &TWO);
    desk.tell(Event::Unfinished("shop".into(), vec![it]));
    desk.press("enter");
    desk.press("u");
    insta::assert_snapshot!("interrupted-here-80", desk.screen());
    desk.press("f");
    let screen = desk.screen();
    assert!(screen.contains("On this machine it runs `purge the CDN`."), "{screen}");
}

#[test]
fn what_another_console_carries_out_is_told_and_left_alone() {
    let mut desk = Desk::new(120, 40, &TWO);
    desk.tell(Event::Unfinished("shop".into(), vec![interrupted(true)]));
    assert!(desk.app.state.fleet.problems().iter().all(|problem| !problem.cause.contains("interrupted")));
    desk.press("enter");
    let screen = desk.screen();
    assert!(screen.contains("another console carries it out by ops@laptop"), "{screen}");
    desk.press("u");
    assert!(matches!(desk.app.state.nav.page(), Page::App(_)), "there is nothing to be taken up");
}

#[test]
fn maintenance_is_put_on_by_a_key_and_taken_off_by_the_same() {
    use midwatch::domain::maintenance::{Mark, Notice};
    use midwatch::message::batch::{Batch, Observation};
    let mut desk = Desk::new(80, 24, &["web-1"]);
    let mut told = setup(&["web-1"]);
    told.apps[0].proxied = true;
    desk.tell(Event::Setup(told));
    let asked = |on| Asked {
        app: "shop".into(),
        what: Wanted::Maintenance(on),
        manner: Manner::default(),
        reason: None,
    };
    desk.press("M");
    desk.write("10m We move.");
    let notice = Notice { message: Some("We move.".into()), retry_after: 600, reason: None };
    planned(&desk.press("enter"), &asked(Some(notice.clone())));
    desk.press("esc");
    // Another console did it meanwhile.
    let mark = Mark { since: at(0), by: "ada@laptop".into(), run: "r".into(), notice };
    let seen = |observation| Event::Batch(Batch { server: "web-1".into(), at: at(60), observation });
    desk.wait(60.0);
    desk.tell(seen(Observation::Maintenance(vec![("shop".into(), Ok(Some(mark)))])));
    let screen = desk.screen();
    assert!(screen.contains("maint."), "{screen}");
    planned(&desk.press("M"), &asked(None));
    desk.press("esc");
    desk.press("enter");
    let screen = desk.screen();
    let said = "in maintenance  since 2026-11-20 23:00Z by ada@laptop";
    assert!(screen.contains(said), "{screen}");
    // And now nobody knows.
    let failure = Failure::new(FailureKind::Permission, "see", "ops may not read /etc/nginx/apps/shop.conf");
    let subject = midwatch::message::batch::Subject::Maintenance;
    desk.tell(seen(Observation::Failed(subject, failure)));
    let screen = desk.screen();
    assert!(
        !screen.contains(said) && screen.contains("whether it is in maintenance is not known"),
        "{screen}"
    );
}

#[test]
fn what_is_planned_is_narrowed_on_its_page_and_planned_again() {
    let mut desk = Desk::new(120, 40, &["web-1", "web-2"]);
    let mut setup = setup(&["web-1", "web-2"]);
    setup.changeable.get_mut("shop").unwrap().services = vec!["web".into(), "worker".into()];
    desk.tell(Event::Setup(setup));
    let effects = desk.press("P");
    let asked = |manner: Manner| Asked { app: "shop".into(), what: Wanted::Pull, manner, reason: None };
    planned(&effects, &asked(Manner::default()));
    desk.press("o");
    let screen = desk.screen();
    assert!(screen.contains("pull the images of shop") && !screen.contains("strategy"), "{screen}");
    let effects = desk.press("down space tab down space enter");
    let manner = Manner { servers: vec!["web-2".into()], services: vec!["worker".into()], strategy: None };
    planned(&effects, &asked(manner));
    // What is asked for as a whole has nothing to choose.
    let mut desk = Desk::new(120, 40, &["web-1", "web-2"]);
    desk.press("N");
    desk.write("web=2");
    desk.press("enter");
    desk.press("o");
    assert!(desk.screen().contains("it is asked for as a whole"), "{}", desk.screen());
}

#[test]
fn a_lock_of_another_run_is_waited_for_and_then_it_is_planned_anew() {
    use midwatch::domain::release::lock::LockStand;
    let refused = |check: &str| {
        finding(check, "web-1", Judgement::Refused, "ops@laptop holds the lock since then: deploy")
    };
    let locked = || plan(&["web-1"], Guard::Confirm, vec![refused("lock")]);
    let holder = Holder {
        run: RunId::new(at(-75), locked().digest()),
        by: Operator { user: "ops".into(), machine: "laptop".into() },
        since: at(-75),
        what: "deploy shop with registry.example/shop:1.0 to web-1".into(),
    };
    let waits = |effects: Vec<Effect>| match effects.first() {
        Some(Effect::AwaitLock(request, places)) => {
            assert!(places.contains_key("web-1"), "{places:?}");
            *request
        }
        _ => panic!("{effects:?}"),
    };
    for (columns, rows) in [(80, 24), (120, 40)] {
        let mut desk = Desk::new(columns, rows, &["web-1"]);
        desk.shown(locked());
        insta::assert_snapshot!(format!("locked-{columns}"), desk.screen());
        let request = waits(desk.press("w"));
        desk.reply(request, Reply::Lock(Box::new(LockStand::Held(holder.clone()))));
        desk.wait(42.0);
        insta::assert_snapshot!(format!("locked-waits-{columns}"), desk.screen());
        assert!(desk.press("enter").is_empty(), "there is nothing to confirm");
        // It is given back: planned anew, shown, and carried out only when that is confirmed.
        let effects = desk.reply(request, Reply::Lock(Box::new(LockStand::Free)));
        let asked = Asked {
            app: "shop".into(),
            what: Wanted::Tag("1.1".into()),
            manner: Manner::default(),
            reason: None,
        };
        let request = planned(&effects, &asked);
        let plan = plan(&["web-1"], Guard::Confirm, Vec::new());
        desk.reply(request, Reply::Planned(Box::new(Planned { plan, last: None })));
        assert!(desk.press("enter").is_empty(), "a key under way was not meant for it");
        desk.wait(1.0);
        assert!(matches!(desk.press("enter").first(), Some(Effect::Run(..))));
    }
    // One that nobody will give back is told; leaving gives up, and what comes then is ignored.
    let mut desk = Desk::new(80, 24, &["web-1"]);
    desk.shown(locked());
    let request = waits(desk.press("w"));
    desk.reply(request, Reply::Lock(Box::new(LockStand::Dead(holder))));
    let screen = desk.screen();
    assert!(screen.contains("that out any more"), "{screen}");
    assert!(screen.contains("midwatch resume"), "{screen}");
    desk.press("esc");
    desk.shown(locked());
    let request = waits(desk.press("w"));
    let effects = desk.press("esc");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Unplan)), "{effects:?}");
    assert!(desk.reply(request, Reply::Lock(Box::new(LockStand::Free))).is_empty());
    // What else stands in the way is not waited for.
    desk.shown(plan(&["web-1"], Guard::Confirm, vec![refused("lock"), refused("registry")]));
    assert!(desk.press("w").is_empty());
}

//! `midwatch replay`: a recording in the console, with nothing connected to.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as ClapArgs;
use tokio::sync::mpsc;

use super::args::Args;
use super::{Exit, console};
use crate::app::App;
use crate::config::UiConfig;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::keys::chord::Chord;
use crate::message::event::Event;
use crate::message::inbox::Inbox;
use crate::message::publish::Publish;
use crate::runtime::console::{Before, Console, Lent};
use crate::runtime::effects::log_search::LogSearcher;
use crate::runtime::outlet::Outlet;
use crate::runtime::pacing::Pacing;
use crate::runtime::recording::{self, Losses, Reader};
use crate::runtime::replay::{Player, ReplayClock, ReplayEffects, Told};
use crate::runtime::screen::Screen;
use crate::runtime::wardrobe;
use crate::state::State;
use crate::state::page::Page;

/// How many orders to the player may wait.
const ORDERS: usize = 1024;
/// Frames a second that data alone may draw.
const FRAMES: u32 = 10;
/// Bytes of log lines that are held.
const LOGS: usize = 256 << 20;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct ReplayArgs {
    /// What `midwatch record` wrote
    pub file: PathBuf,

    /// How many times as fast as it happened
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

/// Reads a speed.
pub fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (0.01..=1000.0).contains(&speed) { Ok(speed) } else { Err("it goes from 0.01 to 1000".to_owned()) }
}

/// Checks the whole recording, says what of it cannot be read, and plays the rest.
pub fn run(args: &Args, replay: &ReplayArgs) -> Result<Exit, Failure> {
    let open =
        || recording::from_file(&replay.file).map_err(|error| error.into_failure("play the recording"));
    let losses = open()?.verify().map_err(|error| error.into_failure("play the recording"))?;
    if let (Some(lost), Some((_, why))) = (losses.sentence(), &losses.first) {
        eprintln!("midwatch: {}: {lost}: {why}", replay.file.display());
    }
    if losses.cut {
        eprintln!("midwatch: {}: its last line was never written to its end", replay.file.display());
    }
    play(args, open()?, &losses, replay.speed)
}

/// Plays a recording of which it is known what can be read of it.
pub fn play(args: &Args, mut recording: Reader, losses: &Losses, speed: f64) -> Result<Exit, Failure> {
    let Some(Ok(recording::Entry { at, event: Event::Setup(mut setup) })) = recording.next() else {
        return Err(Failure::new(FailureKind::Bug, "play the recording", "it changed while it was read"));
    };
    setup.read_only = true;
    if let Some(theme) = &args.theme {
        setup.theme.clone_from(theme);
    }
    let color = UiConfig::default().color;
    let (wardrobe, _) = wardrobe::open(None, &setup.theme, color, setup.ascii)?;
    let tasks = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .map_err(|error| console::terminal_failure(&error))?;
    let inbox = Arc::new(Inbox::default());
    let out: Arc<dyn Publish> = Arc::<Inbox>::clone(&inbox);
    let (held, (columns, rows)) =
        console::take(&inbox, setup.mouse).map_err(|error| console::terminal_failure(&error))?;
    let searcher = LogSearcher::start(tasks.handle().clone(), Arc::clone(&out))
        .map_err(|error| console::terminal_failure(&error))?;
    let outlet =
        Outlet::new(held.own(), Arc::clone(&inbox)).map_err(|error| console::terminal_failure(&error))?;
    let (orders, taken) = mpsc::channel(ORDERS);
    let clock = Arc::new(ReplayClock::new(at, speed));
    let mut state = State::new(columns, rows, LOGS);
    state.zone = jiff::tz::TimeZone::system();
    state.caveat = losses.lines().map(|lines| format!("{lines} unread"));
    let lost = losses.sentence();
    let told = Told::begin(&setup);
    state.replayed = true;
    let mut console = Console {
        app: App::new(state, wardrobe),
        screen: Screen::new(outlet, columns, rows),
        inbox: Arc::clone(&inbox),
        clock: Arc::<ReplayClock>::clone(&clock),
        pacing: Pacing::new(FRAMES),
        effects: Box::new(ReplayEffects::new(searcher, orders)),
        witness: None,
        before: Some(pauses(Arc::clone(&clock))),
        lent: Lent::default(),
    };
    let shown = console.open(setup).and_then(|()| {
        if let Some(lost) = lost {
            console.app.state.refuse(lost);
        }
        tasks.spawn(Player::new(clock, out, taken, told).play(recording));
        console::listen(&inbox, Arc::default())?;
        console.run()
    });
    drop(console);
    drop(held);
    tasks.shutdown_background();
    console::ended(shown)
}

/// Takes the space bar for itself where nothing is typed or picked.
fn pauses(clock: Arc<ReplayClock>) -> Before {
    Box::new(move |event, app| {
        if *event != Event::Key(Chord::char(' ')) || takes_keys(&mut app.state) {
            return false;
        }
        app.state.now = clock.now();
        app.state.say(if clock.toggle() { "paused; space goes on" } else { "it goes on" });
        true
    })
}

fn takes_keys(state: &mut State) -> bool {
    let page = &state.logs_page;
    let on_logs = *state.nav.page() == Page::Logs
        && (page.picker.is_some() || page.prompt.is_some() || page.detail.is_some());
    on_logs || !state.overlays.is_empty() || state.filter_mut().is_some_and(|filter| filter.editing)
}

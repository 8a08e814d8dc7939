//! `midwatch`: the console.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::args::Args;
use super::{Exit, context};
use crate::app::App;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::message::event::Event;
use crate::message::inbox::Inbox;
use crate::message::publish::Publish;
use crate::runtime::asker::ConsoleAsker;
use crate::runtime::clock::SystemClock;
use crate::runtime::console::{Console, Lent, Witness};
use crate::runtime::effects::exec::Terminal;
use crate::runtime::effects::{Effects, Permit};
use crate::runtime::manners::give_way;
use crate::runtime::observers::Observers;
use crate::runtime::outlet::Outlet;
use crate::runtime::pacing::Pacing;
use crate::runtime::reload::Watch;
use crate::runtime::screen::Screen;
use crate::runtime::tap::Tap;
use crate::runtime::{input, keeping, setup, signals, terminal, wardrobe};
use crate::state::State;

/// How long the end waits for messages about runs that are over; the terminal is given back by then.
const LAST_MESSAGE: Duration = Duration::from_secs(3);

/// Opens the console and stays until it is closed. `witness` sees every event before the core does.
pub fn run(args: &Args, witness: Option<Witness>) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let config = &context.config;
    let source = context.source().map(|path| path.display().to_string());
    let setup = setup::setup(config, source, args.read_only);
    let themes = context.themes();
    let (wardrobe, troubles) = wardrobe::open(themes.as_deref(), &setup.theme, config.ui.color, setup.ascii)?;
    let tasks = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(give_way)
        .enable_all()
        .build()
        .map_err(|error| terminal_failure(&error))?;
    let inbox = Arc::new(Inbox::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let asker = Arc::new(ConsoleAsker::new(Arc::clone(&inbox)));
    let guard = tasks.enter();
    let out: Arc<dyn Publish> = Arc::<Inbox>::clone(&inbox);
    let observers = Arc::new(Observers::new(config, &clock, &out, Arc::<ConsoleAsker>::clone(&asker)));
    drop(guard);

    let (held, (columns, rows)) = take(&inbox, setup.mouse).map_err(|error| terminal_failure(&error))?;
    let history = keeping::start(&config.history, &clock, &inbox);
    let tap = Arc::new(Tap::default());
    let effects = Effects::start(
        tasks.handle().clone(),
        Arc::clone(&observers),
        asker,
        Arc::clone(&clock),
        Arc::<Inbox>::clone(&inbox),
        history.clone(),
        Permit { file: context.source(), read_only: args.read_only },
        Terminal { tap: Arc::clone(&tap), own: held.own() },
    )
    .map_err(|error| terminal_failure(&error))?;
    let outlet = Outlet::new(held.own(), Arc::clone(&inbox)).map_err(|error| terminal_failure(&error))?;
    let memory = usize::try_from(config.logs.memory.0).unwrap_or(usize::MAX);
    let mut state = State::new(columns, rows, memory);
    state.now = clock.now();
    state.zone = jiff::tz::TimeZone::system();
    if let [first, others @ ..] = troubles.as_slice() {
        let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        state.refuse(format!("{first}{more}"));
    }
    let mut console = Console {
        app: App::new(state, wardrobe),
        screen: Screen::new(outlet, columns, rows),
        inbox: Arc::clone(&inbox),
        clock,
        pacing: Pacing::new(u32::from(config.ui.fps)),
        effects: Box::new(effects),
        witness,
        before: None,
        lent: Lent::default(),
    };
    let shown = console.open(setup).and_then(|()| {
        let guard = tasks.enter();
        observers.begin(config);
        if let Some(path) = context.location.path.clone() {
            let fresh = context.clone();
            let watch = Watch {
                path,
                config: config.clone(),
                read_only: args.read_only,
                read: move || fresh.read(),
                observers: Arc::clone(&observers),
                out: Arc::clone(&out),
            };
            tasks.spawn(watch.run());
        }
        drop(guard);
        listen(&inbox, tap)?;
        console.run()
    });
    drop(console);
    drop(held);
    // Whoever leaves right behind the end of a run has its last message sent all the same.
    observers.telling.close();
    let _ = tasks.block_on(async { tokio::time::timeout(LAST_MESSAGE, observers.telling.wait()).await });
    // Nothing is waited for that depends on a server: what is open there ends with the connections.
    tasks.shutdown_background();
    // What a slow disk has not taken by then is lost: less than a minute of readings.
    if history.is_some_and(|history| !history.close(keeping::LAST_WORDS)) {
        tracing::warn!("the history did not close in time");
    }
    ended(shown)
}

/// How the console ended.
pub(super) fn ended(shown: io::Result<()>) -> Result<Exit, Failure> {
    match shown {
        Ok(()) => Ok(Exit::Well),
        // The terminal went away: there is nobody left to tell, and nothing was lost.
        Err(error) if gone(&error) => Ok(Exit::Well),
        Err(error) => Err(terminal_failure(&error)),
    }
}

/// Takes the terminal over, and says how many columns and rows it has. Signals count from before
/// that: one in between would leave the terminal taken.
pub(super) fn take(inbox: &Arc<Inbox>, mouse: bool) -> io::Result<(terminal::Held, (u16, u16))> {
    let quit = quit(inbox);
    signals::spawn(move |_| quit())?;
    let held = terminal::take(mouse)?;
    Ok((held, crossterm::terminal::size()?))
}

/// Starts the thread that reads the terminal.
pub(super) fn listen(inbox: &Arc<Inbox>, tap: Arc<Tap>) -> io::Result<()> {
    input::spawn(Arc::clone(inbox), tap, quit(inbox))
}

/// Asks the loop to end.
fn quit(inbox: &Arc<Inbox>) -> impl Fn() + Send + use<> {
    let inbox = Arc::clone(inbox);
    move || inbox.input(Event::Quit)
}

fn gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected)
        || error.raw_os_error() == Some(5)
}

pub(super) fn terminal_failure(error: &io::Error) -> Failure {
    Failure {
        why: Failure::chain(error),
        ..Failure::new(FailureKind::Unsupported, "open the console on this terminal", "")
    }
    .hint("midwatch status prints the same without a terminal")
}

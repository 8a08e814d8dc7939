//! The program: reads its arguments and hands over to the room that serves them.

use std::sync::Arc;

use midwatch::app::{App, Wardrobe};
use midwatch::message::inbox::Inbox;
use midwatch::runtime::{clock, console, input, pacing, screen, signals, terminal};
use midwatch::state::State;
use midwatch::theme::{Depth, Theme, file};

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(_) => std::process::ExitCode::FAILURE,
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let depth = Depth::detect(|name| std::env::var(name).ok());
    let mut themes = Vec::new();
    for (name, _) in file::SHIPPED {
        themes.push(Theme::new(&file::ThemeFile::shipped(name)?, depth, false));
    }
    let (columns, rows) = crossterm::terminal::size()?;
    let held = terminal::take(true)?;
    let inbox = Arc::new(Inbox::default());
    let quit = Arc::clone(&inbox);
    let ask_to_quit =
        move || quit.input(midwatch::message::event::Event::Key(midwatch::keys::chord::Chord::ctrl('c')));
    signals::spawn(ask_to_quit.clone())?;
    input::spawn(Arc::clone(&inbox), ask_to_quit)?;
    let mut console = console::Console {
        app: App::new(State::new(columns, rows, 256 << 20), Wardrobe { themes }),
        screen: screen::Screen::new(std::io::stdout(), columns, rows),
        inbox,
        clock: Arc::new(clock::SystemClock),
        pacing: pacing::Pacing::new(15),
        perform: |_| {},
        witness: None,
    };
    console.run()?;
    drop(held);
    Ok(())
}

//! Carries out what the core asks for, without ever holding up the loop.

use std::io::Write;
use std::sync::Arc;

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use tokio::runtime::Handle;

use super::asker::ConsoleAsker;
use super::observers::Observers;
use crate::message::effect::Effect;

/// What effects work with.
pub struct Effects {
    /// Where tasks run.
    pub tasks: Handle,
    /// What observes.
    pub observers: Arc<Observers>,
    /// Who asked what.
    pub asker: Arc<ConsoleAsker>,
}

impl Effects {
    /// Carries out one effect; gives back bytes that are to go to the terminal.
    pub fn perform(&mut self, effect: Effect) -> Option<Vec<u8>> {
        match effect {
            // The loop ends itself.
            Effect::Quit => None,
            Effect::Answer(request, answer) => {
                self.asker.answer(request, answer);
                None
            }
            Effect::Reconnect(server) => {
                let observers = Arc::clone(&self.observers);
                self.tasks.spawn(async move { observers.reconnect(&server).await });
                None
            }
            Effect::Watch(servers) => {
                self.observers.supervisor.set_watched(servers);
                None
            }
            Effect::Copy(text) => clipboard(&text),
        }
    }
}

/// OSC 52, which terminals take through SSH, and tmux where `set-clipboard` is on.
fn clipboard(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    queue!(bytes, CopyToClipboard::to_clipboard_from(text)).ok()?;
    bytes.flush().ok()?;
    Some(bytes)
}

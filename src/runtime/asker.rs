//! Questions of tasks on their way to the screen, and the answers back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::domain::ids::RequestId;
use crate::domain::question::{Answer, Asker, Question};
use crate::message::event::Event;
use crate::message::inbox::Inbox;
use crate::message::publish::Publish;

/// Names of questions start here, apart from those of the core's own effects.
const FIRST: u64 = 1 << 63;

/// Asks the person in front of the console.
pub struct ConsoleAsker {
    inbox: Arc<Inbox>,
    next: AtomicU64,
    waiting: Arc<Mutex<HashMap<RequestId, oneshot::Sender<Answer>>>>,
}

impl ConsoleAsker {
    /// Asks through this inbox.
    pub fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox, next: AtomicU64::new(FIRST), waiting: Arc::default() }
    }

    /// Hands an answer to who asked; one that nobody waits for is dropped.
    pub fn answer(&self, request: RequestId, answer: Answer) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        if let Some(waiting) = waiting {
            // The task that asked may have gone meanwhile.
            let _ = waiting.send(answer);
        }
    }
}

/// Takes a question back when who asked does not wait any more.
struct Withdraw {
    request: RequestId,
    inbox: Arc<Inbox>,
    waiting: Arc<Mutex<HashMap<RequestId, oneshot::Sender<Answer>>>>,
}

impl Drop for Withdraw {
    fn drop(&mut self) {
        let held = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.request);
        if held.is_some() {
            self.inbox.input(Event::Withdrawn(self.request));
        }
    }
}

#[async_trait::async_trait]
impl Asker for ConsoleAsker {
    async fn ask(&self, question: Question) -> Answer {
        let request = RequestId(self.next.fetch_add(1, Ordering::Relaxed));
        let (send, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(request, send);
        let _withdraw =
            Withdraw { request, inbox: Arc::clone(&self.inbox), waiting: Arc::clone(&self.waiting) };
        self.inbox.control(Event::Ask(request, question)).await;
        answer.await.unwrap_or(Answer::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question::Passphrase { server: "web-1".into(), key: "id_ed25519".into(), again: false }
    }

    #[tokio::test]
    async fn an_answer_reaches_who_asked() {
        let inbox = Arc::new(Inbox::default());
        let asker = Arc::new(ConsoleAsker::new(Arc::clone(&inbox)));
        let asking = tokio::spawn({
            let asker = Arc::clone(&asker);
            async move { asker.ask(question()).await }
        });
        let request = loop {
            match inbox.take() {
                Some(Event::Ask(request, _)) => break request,
                _ => tokio::task::yield_now().await,
            }
        };
        asker.answer(request, Answer::Yes);
        assert!(matches!(asking.await, Ok(Answer::Yes)));
    }

    #[tokio::test]
    async fn a_question_nobody_waits_for_is_withdrawn() {
        let inbox = Arc::new(Inbox::default());
        let asker = ConsoleAsker::new(Arc::clone(&inbox));
        let limit = std::time::Duration::from_millis(10);
        assert!(tokio::time::timeout(limit, asker.ask(question())).await.is_err());
        assert!(matches!(inbox.take(), Some(Event::Withdrawn(_))));
    }
}

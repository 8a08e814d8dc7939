//! A Compose project that is to be an app of the configuration: the look at its servers, then what is
//! to be written, to be read and confirmed, or why it cannot be.

use crate::domain::adoption::Offer;
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::time::{Age, Timestamp};
use crate::state::plan::lines::failed;
use crate::theme::Role;
use crate::widgets::sheet::{Line, wrapped};

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct AdoptPage {
    /// The first row shown.
    pub first: usize,
    /// What it is about.
    pub of: Option<Of>,
    /// How far it is.
    pub stand: Stand,
    /// Whose answers count.
    request: Option<RequestId>,
}

/// A project and where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Of {
    /// The app, as the fleet calls it.
    pub app: AppId,
    /// Its Compose project.
    pub project: String,
    /// The servers that have containers of it.
    pub servers: Vec<ServerId>,
    /// Servers of its environment that could not be read: it may run there too.
    pub unknown: Vec<ServerId>,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stand {
    /// Nothing is adopted.
    #[default]
    Nothing,
    /// Its servers are looked at.
    Looking(Timestamp),
    /// What is to be written.
    Shown(Box<Offer>, Timestamp),
    /// It is written.
    Writing,
    /// It could not be looked at, or not be written.
    Failed(Failure),
}

impl AdoptPage {
    /// Begins to look at a project.
    pub fn begin(&mut self, request: RequestId, of: Of, now: Timestamp) {
        *self = Self { first: 0, of: Some(of), stand: Stand::Looking(now), request: Some(request) };
    }

    /// The app that it is about.
    pub fn app(&self) -> Option<&AppId> {
        self.of.as_ref().map(|of| &of.app)
    }

    /// What is shown, where it can be written, and since when.
    pub fn offer(&self) -> Option<(&Offer, Timestamp)> {
        match &self.stand {
            Stand::Shown(offer, since) => Some((offer, *since)),
            _ => None,
        }
    }

    /// It is written from now on; this names the answer.
    pub fn write(&mut self, request: RequestId) {
        self.stand = Stand::Writing;
        self.request = Some(request);
    }

    /// Takes what the servers told, or that it failed; `false` where another question asked for that.
    pub fn answered(
        &mut self,
        request: RequestId,
        answer: Result<Box<Offer>, Failure>,
        now: Timestamp,
    ) -> bool {
        if self.request != Some(request) {
            return false;
        }
        self.first = 0;
        self.stand = match answer {
            Ok(offer) => Stand::Shown(offer, now),
            Err(failure) => Stand::Failed(failure),
        };
        true
    }

    /// Takes that it was written; `false` where another one asked for that.
    pub fn added(&mut self, request: RequestId) -> bool {
        let mine = self.request == Some(request);
        if mine {
            *self = Self::default();
        }
        mine
    }
}

/// The page as rows of so many cells.
pub fn lines(page: &AdoptPage, now: Timestamp, cells: u16) -> Vec<Line> {
    // The last column is the scroll bar's.
    let cells = cells.saturating_sub(2);
    let Some(of) = &page.of else { return vec![Line::at(2).text("nothing is adopted", Role::Muted)] };
    let mut lines = vec![Line::at(2).strong(format!("adopt the Compose project {}", of.project), Role::Text)];
    let names: Vec<&str> = of.servers.iter().map(ServerId::as_str).collect();
    lines.extend(wrapped(&format!("it runs on {}", names.join(", ")), 2, Role::Muted, cells));
    if !of.unknown.is_empty() {
        let names: Vec<&str> = of.unknown.iter().map(ServerId::as_str).collect();
        let said = format!("whether it runs on {} too is not known: not reached", names.join(", "));
        lines.extend(wrapped(&said, 2, Role::Unknown, cells));
    }
    lines.push(Line::default());
    match &page.stand {
        Stand::Nothing => {}
        Stand::Looking(since) => {
            let age = Age(since.age(now));
            let said = format!("its files are looked at for {age}; nothing is changed. Esc leaves");
            lines.push(Line::at(2).text(said, Role::Muted));
        }
        Stand::Shown(offer, _) => lines.extend(shown(offer, cells)),
        Stand::Writing => lines.push(Line::at(2).text("it is written …", Role::Muted)),
        Stand::Failed(failure) => {
            lines.extend(failed(None, failure, cells));
            lines.push(Line::default());
            lines.push(Line::at(2).text("Enter looks again, Esc leaves", Role::Muted));
        }
    }
    lines
}

fn shown(offer: &Offer, cells: u16) -> Vec<Line> {
    let (said, role) = verdict(offer);
    let mut lines = wrapped(&said, 2, role, cells);
    if !offer.lost.is_empty() {
        lines.push(Line::default());
        lines.push(Line::heading("CANNOT BE ADOPTED", ""));
        lines.extend(offer.lost.iter().flat_map(|(server, failure)| failed(Some(server), failure, cells)));
    }
    if !offer.doubts.is_empty() {
        lines.push(Line::default());
        lines.push(Line::heading("BEFORE THE FIRST DEPLOY", ""));
        lines.extend(offer.doubts.iter().flat_map(|doubt| wrapped(doubt, 3, Role::Degraded, cells)));
    }
    if !offer.text.is_empty() {
        let title = if offer.there.is_some() { "IT WOULD BE" } else { "IS ADDED" };
        lines.push(Line::default());
        lines.push(Line::heading(title, &offer.file));
        for row in offer.text.trim_start_matches('\n').lines() {
            let role = if row.starts_with('#') { Role::Muted } else { Role::Text };
            if row.is_empty() {
                lines.push(Line::default());
            }
            lines.extend(wrapped(row, 3, role, cells));
        }
    }
    lines
}

/// What can be done, and how grave it is.
fn verdict(offer: &Offer) -> (String, Role) {
    match &offer.there {
        Some(app) => {
            let said = format!(
                "{} has [apps.{app}] for it already: it is left alone. What that lacks can be added by hand; y copies this",
                offer.file
            );
            (said, Role::Degraded)
        }
        None if offer.text.is_empty() => {
            ("it cannot be adopted, and nothing is written; Enter looks again".to_owned(), Role::Down)
        }
        None => (
            "nothing is written or restarted yet: Enter adds this to the configuration, and midwatch can deploy it from then on"
                .to_owned(),
            Role::Accent,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of() -> Of {
        Of {
            app: "shop".into(),
            project: "shop".to_owned(),
            servers: vec!["web-1".into()],
            unknown: Vec::new(),
        }
    }

    fn offer() -> Offer {
        Offer {
            file: "/etc/midwatch.toml".to_owned(),
            apps: vec!["shop".into()],
            text: "\n[apps.shop]\n".to_owned(),
            there: None,
            doubts: Vec::new(),
            lost: Vec::new(),
        }
    }

    #[test]
    fn an_answer_to_an_earlier_question_is_ignored() {
        let (mut page, now) = (AdoptPage::default(), Timestamp::from_secs(1));
        page.begin(RequestId(1), of(), now);
        page.begin(RequestId(2), of(), now);
        assert!(!page.answered(RequestId(1), Ok(Box::new(offer())), now));
        assert!(page.offer().is_none());
        assert!(page.answered(RequestId(2), Ok(Box::new(offer())), now));
        assert!(page.offer().is_some());
        page.write(RequestId(3));
        assert!(page.added(RequestId(3)) && page.app().is_none());
    }

    #[test]
    fn what_is_there_already_or_cannot_be_is_no_offer_to_write() {
        assert_eq!(verdict(&offer()).1, Role::Accent);
        assert!(verdict(&Offer { there: Some("shop".into()), ..offer() }).0.contains("left alone"));
        assert_eq!(verdict(&Offer { text: String::new(), ..offer() }).1, Role::Down);
    }
}

//! The releases of an app: those that one can go back to first, newest first, then the others.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::layout::Rect;

use super::list::{List, Move};
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::release::{Release, ReleaseNumber, ReleaseOutcome};
use crate::message::change::Ledgers;

/// Rows above the list: what it is, and its column titles.
pub const HEADS: u16 = 3;
/// Rows below it that tell more of the selected release.
pub const DETAIL: u16 = 7;

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct ReleasesPage {
    /// Of which app.
    pub app: Option<AppId>,
    /// What the servers hold; `None` while they are asked.
    pub ledgers: Option<Ledgers>,
    /// Why they could not be asked at all.
    pub failure: Option<Failure>,
    /// The rows, in order.
    pub rows: Vec<ReleaseNumber>,
    /// The selection.
    pub list: List<ReleaseNumber>,
    request: Option<RequestId>,
    body: Rect,
}

/// A release as it stands on all servers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// As the first server that has it tells of it.
    pub release: &'a Release,
    /// How many servers have it.
    pub servers: usize,
    /// Whether it is in place on a server.
    pub current: bool,
    /// Whether a rollback can go to it: it was good on every server, and is in place on none.
    pub eligible: bool,
}

impl ReleasesPage {
    /// Asks for an app's releases; those of another app are gone, those of the same stay until the
    /// answer comes.
    pub fn begin(&mut self, app: AppId, request: RequestId) {
        if self.app.as_ref() != Some(&app) {
            *self = Self { body: self.body, app: Some(app), ..Self::default() };
        }
        self.failure = None;
        self.request = Some(request);
    }

    /// Takes the answer, where it is to the last question; whether it was.
    pub fn answered(&mut self, request: RequestId, answer: Result<Ledgers, Failure>) -> bool {
        if self.request.take_if(|asked| *asked == request).is_none() {
            return false;
        }
        match answer {
            Ok(ledgers) => self.ledgers = Some(ledgers),
            Err(failure) => self.failure = Some(failure),
        }
        // A new answer may put another one first; the first is what one goes back to.
        self.rows = self.ordered();
        self.list.release();
        self.settle(self.body);
        self.list.step(&self.rows, self.height(), Move::Top);
        true
    }

    /// Whether an answer is waited for.
    pub const fn waits(&self) -> bool {
        self.request.is_some()
    }

    /// Takes the size of the screen.
    pub fn settle(&mut self, body: Rect) {
        self.body = body;
        self.list.settle(&self.rows, self.height());
    }

    /// Moves the selection.
    pub fn step(&mut self, by: Move) {
        self.list.step(&self.rows, self.height(), by);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, row: u16) -> bool {
        let line = row.checked_sub(self.body.y + HEADS);
        line.is_some_and(|line| self.list.click(&self.rows, self.height(), usize::from(line)))
    }

    fn height(&self) -> usize {
        usize::from(self.body.height.saturating_sub(HEADS + DETAIL).max(3))
    }

    /// A release by its number.
    pub fn entry(&self, number: ReleaseNumber) -> Option<Entry<'_>> {
        let known: Vec<_> = self.ledgers.as_ref()?.servers.values().flatten().collect();
        let here: Vec<&Release> =
            known.iter().filter_map(|it| it.releases.iter().find(|it| it.number == number)).collect();
        let current = known.iter().any(|it| it.current == Some(number));
        let good = here.len() == known.len() && here.iter().all(|it| it.outcome == ReleaseOutcome::Good);
        Some(Entry { release: here.first()?, servers: here.len(), current, eligible: good && !current })
    }

    /// How a release fared: a word where it is the same everywhere, else by server.
    pub fn outcome(&self, number: ReleaseNumber) -> String {
        let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let ledgers = self.ledgers.iter().flat_map(|it| &it.servers);
        for (server, ledger) in ledgers.filter_map(|(server, it)| Some((server, it.as_ref().ok()?))) {
            let release = ledger.releases.iter().find(|it| it.number == number);
            by.entry(release.map_or("not there", |it| it.outcome.word())).or_default().push(server.as_str());
        }
        match by.len() {
            1 => by.into_keys().next().unwrap_or_default().to_owned(),
            _ => by
                .into_iter()
                .map(|(word, servers)| format!("{word} on {}", servers.join(" ")))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    /// What differs of the images from those that are in place now: service, now, then.
    pub fn differences(&self, number: ReleaseNumber) -> Vec<(String, String, String)> {
        let current = self.all().into_iter().find_map(|it| self.entry(it).filter(|it| it.current));
        let (Some(then), Some(now)) = (self.entry(number), current) else { return Vec::new() };
        let (then, now) = (&then.release.images, &now.release.images);
        let services: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        let name = |images: &BTreeMap<String, crate::domain::image::ImageRef>, service: &String| {
            images.get(service).map_or_else(
                || "as the Compose file has it".to_owned(),
                |image| {
                    let digest = image.digest.as_ref().map(|it| format!(" ({})", it.short()));
                    image.name() + &digest.unwrap_or_default()
                },
            )
        };
        services
            .into_iter()
            .filter(|service| then.get(*service) != now.get(*service))
            .map(|service| (service.clone(), name(now, service), name(then, service)))
            .collect()
    }

    /// Servers that could not be asked, and why.
    pub fn lost(&self) -> impl Iterator<Item = (&ServerId, &Failure)> {
        let servers = self.ledgers.iter().flat_map(|it| &it.servers);
        servers.filter_map(|(server, it)| Some((server, it.as_ref().err()?)))
    }

    fn all(&self) -> BTreeSet<ReleaseNumber> {
        let known = self.ledgers.iter().flat_map(|it| it.servers.values().flatten());
        known.flat_map(|it| &it.releases).map(|release| release.number).collect()
    }

    fn ordered(&self) -> Vec<ReleaseNumber> {
        let mut rows: Vec<ReleaseNumber> = self.all().into_iter().collect();
        let eligible = |number: ReleaseNumber| self.entry(number).is_some_and(|it| it.eligible);
        rows.sort_by_key(|number| (!eligible(*number), std::cmp::Reverse(*number)));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::PlanDigest;
    use crate::domain::run::{Operator, RunId};
    use crate::domain::time::Timestamp;
    use crate::message::change::Ledger;

    fn release(number: u32, outcome: ReleaseOutcome) -> Release {
        let at = Timestamp::from_secs(i64::from(number));
        let plan = PlanDigest::of(b"it");
        Release {
            number: ReleaseNumber(number),
            app: "shop".into(),
            at,
            by: Operator { user: "ops".into(), machine: "laptop".into() },
            reason: None,
            run: RunId::new(at, &plan),
            plan,
            adopted: false,
            images: BTreeMap::from([("web".to_owned(), format!("shop:{number}").parse().unwrap())]),
            outcome,
            because: None,
            migrations: Vec::new(),
        }
    }

    /// A server's name, the number of what is in place there, and how each release fared.
    type Told<'a> = (&'a str, u32, &'a [(u32, ReleaseOutcome)]);

    fn page(servers: &[Told<'_>]) -> ReleasesPage {
        let ledger = |current: &u32, releases: &[(u32, ReleaseOutcome)]| Ledger {
            current: Some(ReleaseNumber(*current)),
            releases: releases.iter().map(|(number, outcome)| release(*number, *outcome)).collect(),
        };
        let servers = servers.iter().map(|(name, current, all)| ((*name).into(), Ok(ledger(current, all))));
        let mut page = ReleasesPage::default();
        page.settle(Rect::new(0, 1, 80, 22));
        page.begin("shop".into(), RequestId(1));
        assert!(page.answered(RequestId(1), Ok(Ledgers { servers: servers.collect() })));
        page
    }

    use ReleaseOutcome::{Good, RolledBack};

    #[test]
    fn the_newest_good_one_before_the_current_is_first_and_selected() {
        let all = [(1, Good), (2, Good), (3, RolledBack), (4, Good)];
        let page = page(&[("a", 4, &all), ("b", 4, &all)]);
        assert_eq!(page.rows.iter().map(|it| it.0).collect::<Vec<_>>(), [2, 1, 4, 3]);
        assert_eq!(page.list.selected, Some(ReleaseNumber(2)));
        let changed: Vec<_> = page.differences(ReleaseNumber(2));
        assert_eq!(changed, [("web".to_owned(), "shop:4".to_owned(), "shop:2".to_owned())]);
    }

    #[test]
    fn what_was_good_on_one_server_only_is_not_gone_back_to() {
        let page = page(&[("a", 2, &[(1, Good), (2, Good)]), ("b", 2, &[(1, RolledBack), (2, Good)])]);
        assert_eq!(page.entry(ReleaseNumber(1)).map(|it| it.eligible), Some(false));
        assert_eq!(page.outcome(ReleaseNumber(1)), "good on a, rolled back on b");
    }

    #[test]
    fn an_answer_to_an_earlier_question_is_ignored() {
        let mut page = ReleasesPage::default();
        page.begin("shop".into(), RequestId(1));
        page.begin("blog".into(), RequestId(2));
        assert!(!page.answered(RequestId(1), Ok(Ledgers::default())));
        assert!(page.ledgers.is_none() && page.waits());
    }
}

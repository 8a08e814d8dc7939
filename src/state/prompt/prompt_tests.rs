use super::*;
use crate::domain::deploy::Strategy;
use crate::domain::release::ReleaseNumber;
use crate::domain::tags::Tag;

const NOW: Timestamp = Timestamp::from_secs(9);

fn version_prompt(choices: &[&str]) -> Prompt {
    let mut prompt = empty();
    prompt.offered(RequestId(1), &Ok(list(choices)));
    prompt
}

fn empty() -> Prompt {
    let (app, present) = ("shop".into(), vec!["web  registry:5000/shop:1.1".to_owned()]);
    let offer = Offer::Asked(RequestId(1));
    let versions = Versions { present, choices: Vec::new(), picked: None, offer };
    let strategies = vec![Strategy::Recreate, Strategy::Rolling];
    let servers = vec!["web-1".into(), "web-2".into()];
    let services = vec!["web".to_owned(), "worker".to_owned()];
    let options = Options::new(Strategy::Recreate, strategies, servers, services);
    Prompt::new(Question::Version { app, versions, options }, NOW)
}

fn list(tags: &[&str]) -> TagList {
    TagList {
        repositories: vec!["registry:5000/shop".to_owned()],
        server: "web-1".into(),
        tags: tags.iter().map(|it| Tag::named(*it)).collect(),
        whole: true,
        doubt: None,
    }
}

fn press(prompt: &mut Prompt, keys: &str) -> Outcome {
    let mut last = Outcome::Stay;
    for key in keys.split(' ') {
        last = prompt.key(key.parse().unwrap(), NOW);
    }
    last
}

#[test]
fn a_tag_is_typed_or_picked() {
    let typed = press(&mut version_prompt(&[]), "1 . 1 enter");
    assert_eq!(
        typed,
        Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("1.1".into()), Manner::default()))
    );
    let picked = press(&mut version_prompt(&["2.0", "1.2", "1.1"]), "1 down down enter");
    assert_eq!(
        picked,
        Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("1.1".into()), Manner::default()))
    );
    let nothing = press(&mut version_prompt(&["2.0"]), "enter");
    assert_eq!(
        nothing,
        Outcome::Answered(Answered::Change("shop".into(), Wanted::AsWritten, Manner::default()))
    );
}

#[test]
fn what_is_picked_stays_picked_when_the_dates_come() {
    let mut prompt = empty();
    assert!(prompt.offered(RequestId(1), &Ok(list(&["2.0", "1.2", "1.1"]))));
    press(&mut prompt, "1 down down");
    assert!(prompt.offered(RequestId(1), &Ok(list(&["1.1", "2.0", "1.2"]))));
    let Question::Version { versions, .. } = &prompt.question else { panic!() };
    assert_eq!(versions.picked("1").map(|it| (it.tag.as_str(), it.present)), Some(("1.1", true)));
    assert!(!prompt.offered(RequestId(2), &Ok(list(&["9"]))), "another prompt asked for that");
    let picked = press(&mut prompt, "enter");
    assert_eq!(
        picked,
        Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("1.1".into()), Manner::default()))
    );
}

#[test]
fn a_registry_that_cannot_be_asked_leaves_typing() {
    let mut prompt = empty();
    press(&mut prompt, "3");
    let failure = Failure::new(crate::domain::failure::FailureKind::Timeout, "list the tags", "no answer");
    assert!(prompt.offered(RequestId(1), &Err(failure)));
    let typed = press(&mut prompt, "enter");
    assert_eq!(
        typed,
        Outcome::Answered(Answered::Change("shop".into(), Wanted::Tag("3".into()), Manner::default()))
    );
}

#[test]
fn what_is_no_tag_is_told_and_can_be_mended() {
    let mut prompt = version_prompt(&[]);
    assert_eq!(press(&mut prompt, "1 / 2 enter"), Outcome::Stay);
    assert!(prompt.mistake.is_some());
    press(&mut prompt, "backspace backspace");
    assert!(prompt.mistake.is_none());
    assert!(matches!(press(&mut prompt, "enter"), Outcome::Answered(_)));
}

#[test]
fn a_name_has_to_be_the_right_one() {
    let question = Question::Name { app: "ab".into(), says: String::new(), then: Then::CarryOut };
    let mut prompt = Prompt::new(question, NOW);
    assert_eq!(press(&mut prompt, "a enter"), Outcome::Stay);
    assert_eq!(press(&mut prompt, "b enter"), Outcome::Answered(Answered::Yes(Then::CarryOut)));
}

#[test]
fn what_runs_is_told_when_it_is_known() {
    let mut prompt = version_prompt(&["1.2", "11.2", "3.0"]);
    prompt.present(vec!["web  shop:1.2".to_owned()]);
    let present: Vec<_> = prompt.choices().filter(|it| it.present).map(|it| it.tag.as_str()).collect();
    assert_eq!(present, ["1.2"]);
}

#[test]
fn only_a_key_that_was_meant_says_yes() {
    let sure = || Prompt::new(Question::Sure { says: Vec::new(), then: Then::Quit }, NOW);
    let later = NOW + READING_TIME;
    assert_eq!(sure().key(Chord::char('y'), NOW), Outcome::Stay);
    assert_eq!(sure().key(Chord::plain(Key::Enter), later), Outcome::Stay);
    assert_eq!(sure().key(Chord::char('y'), later), Outcome::Answered(Answered::Yes(Then::Quit)));
    assert_eq!(sure().key(Chord::char('n'), later), Outcome::Leave);
}

#[test]
fn one_server_and_one_service_are_chosen_behind_the_version() {
    let mut prompt = version_prompt(&["1.2"]);
    let answer = press(&mut prompt, "1 . 2 tab down tab down space tab down space enter");
    let manner = Manner {
        strategy: Some(Strategy::Rolling),
        servers: vec!["web-2".into()],
        services: vec!["worker".to_owned()],
    };
    let wanted = Wanted::Tag("1.2".into());
    assert_eq!(answer, Outcome::Answered(Answered::Change("shop".into(), wanted, manner)));
}

#[test]
fn a_rollback_is_chosen_from_without_a_line() {
    let options = Options::new(
        Strategy::Recreate,
        vec![Strategy::Recreate],
        vec!["web-1".into(), "web-2".into()],
        Vec::new(),
    );
    let mut prompt = Prompt::new(
        Question::Manner { app: "shop".into(), what: Wanted::Release(ReleaseNumber(3)), options },
        NOW,
    );
    assert!(!prompt.has_line());
    let answer = press(&mut prompt, "x tab down space enter");
    let manner = Manner { servers: vec!["web-2".into()], ..Manner::default() };
    let wanted = Wanted::Release(ReleaseNumber(3));
    assert_eq!(answer, Outcome::Answered(Answered::Change("shop".into(), wanted, manner)));
}

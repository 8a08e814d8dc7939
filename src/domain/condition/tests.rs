//! Tests of the language: examples, reasons, mistakes, and properties over any tree and any text.

use std::borrow::Cow;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;

struct Answer {
    status: Option<u16>,
    latency: Duration,
    body: &'static str,
    json: serde_json::Value,
}

impl Facts for Answer {
    fn look(&self, field: &Field) -> Lookup<'_> {
        match field {
            Field::Status => self.status.map_or(Lookup::Unread("nobody asked".into()), |s| {
                Lookup::Value(Value::Number(f64::from(s)))
            }),
            Field::Latency => Lookup::Value(Value::Duration(self.latency)),
            Field::Body => Lookup::Value(Value::Text(Cow::Borrowed(self.body))),
            Field::Value => Lookup::Value(Value::Number(0.25)),
            Field::Json(path) => json_path(&self.json, path),
            _ => Lookup::Absent,
        }
    }
}

fn answer() -> Answer {
    Answer {
        status: Some(200),
        latency: Duration::from_millis(412),
        body: "all is \"well\"",
        json: json!({"items": [{"state": "ok", "n": 3}], "up": true, "odd key": 1, "tags": ["a", "b"], "none": null}),
    }
}

fn judge(text: &str) -> Truth {
    text.parse::<Condition>().unwrap_or_else(|e| panic!("{text}: {e}")).judge(&answer())
}

fn reason(text: &str) -> String {
    match judge(text) {
        Truth::False(reason) => reason,
        Truth::Unknown(gap) => format!("? {}", gap.reason),
        Truth::True => String::new(),
    }
}

fn mistake(text: &str) -> String {
    text.parse::<Condition>().map(|c| c.to_string()).unwrap_err().to_string()
}

#[test]
fn what_holds_holds() {
    for text in [
        "status == 200",
        "200 == status && latency < 1s",
        "latency >= 0.412s && latency <= 412ms",
        "status == 500 || json.up",
        "json.items[0].state == \"ok\" && json.items[0].n > 2",
        "json[\"odd key\"] == 1 && json.tags contains \"b\" && json contains \"up\"",
        "body contains \"well\" && body matches \"^all\"",
        "!(status == 500) && !!json.up",
        "value < 300ms && value == 250ms && value < 1kB && value < 80%",
        "json.none != 1",
    ] {
        assert_eq!(judge(text), Truth::True, "{text}");
    }
}

#[test]
fn what_does_not_hold_says_why() {
    assert_eq!(reason("latency < 300ms"), "latency 412 ms is not < 300 ms");
    assert_eq!(reason("status == 503"), "status is 200, not 503");
    assert_eq!(reason("status != 200"), "status is 200");
    assert_eq!(reason("!(status == 200)"), "status == 200 holds, and should not");
    assert_eq!(reason("body contains \"ill\""), "body does not contain \"ill\"");
    assert_eq!(reason("body matches \"^x\""), "body does not match /^x/");
    assert_eq!(reason("json.items[0].state == \"up\""), "json.items[0].state is \"ok\", not \"up\"");
    assert_eq!(reason("status == 1 || status == 2"), "status is 200, not 1, and status is 200, not 2");
    assert_eq!(
        reason("status == 1 && latency < 1ms && json.up"),
        "status is 200, not 1; latency 412 ms is not < 1 ms"
    );
}

#[test]
fn what_is_missing_is_unknown_unless_the_rest_decides() {
    let Truth::Unknown(gap) = judge("json.nothing == 1 && status == 200") else { panic!("not unknown") };
    assert_eq!((gap.operand.as_str(), gap.kind), ("json.nothing", GapKind::Absent));
    assert!(matches!(judge("json.nothing == 1 && status == 500"), Truth::False(_)));
    assert_eq!(judge("json.nothing == 1 || status == 200"), Truth::True);
    assert_eq!(reason("!(json.nothing == 1)"), "? json.nothing is not in the answer");
    assert_eq!(reason("json.items > 3"), "? json.items is a list of 1, not comparable with 3");
    let unread = Answer { status: None, ..answer() };
    let Truth::Unknown(gap) = "status < 400".parse::<Condition>().unwrap().judge(&unread) else {
        panic!("judged")
    };
    assert_eq!((gap.kind, gap.reason.as_str()), (GapKind::Unread, "status was not read: nobody asked"));
}

#[test]
fn a_hostile_answer_is_quoted_clean_and_short() {
    let hostile = Answer { json: json!({"a": format!("\x1b[31m{}", "x".repeat(500))}), ..answer() };
    let Truth::False(reason) = "json.a == \"ok\"".parse::<Condition>().unwrap().judge(&hostile) else {
        panic!("not false")
    };
    assert!(!reason.contains('\x1b') && reason.chars().count() < 100, "{reason}");
}

#[test]
fn mistakes_say_where_and_what_is_near() {
    assert_eq!(mistake("latncy < 300ms"), "at column 1: \"latncy\" is not a field, did you mean latency?");
    assert_eq!(mistake("status = 200"), "at column 8: a comparison is written ==");
    assert_eq!(
        mistake("status == 200 and latency < 1s"),
        "at column 15: \"and\" is not a field, did you mean &&?"
    );
    assert_eq!(
        mistake("latency < 300"),
        "at column 1: latency is compared with a duration such as 300ms, and 300 is a number"
    );
    assert_eq!(mistake("latency < 300msec"), "at column 14: \"msec\" is not a unit, did you mean ms?");
    assert_eq!(mistake("(status == 200"), "at column 1: this is not closed");
    assert_eq!(mistake("status == 200)"), "at column 14: this closes nothing");
    assert_eq!(mistake("status =="), "at column 10: a field or a value is missing at the end");
    assert_eq!(
        mistake("status"),
        "at column 1: status is a number, not true or false: compare it with something"
    );
    assert_eq!(
        mistake("body contains 5"),
        "at column 1: body is text and contains text: write the right side in quotes"
    );
    assert_eq!(
        mistake("body == \"é\" && stat == 1"),
        "at column 16: \"stat\" is not a field, did you mean status?"
    );
    assert_eq!(mistake("1 == 1"), "at column 1: this compares two fixed values; one side should be a field");
    assert!(mistake("body matches \"(\"").starts_with("at column 14: this is not a regular expression: "));
    assert_eq!(mistake(""), "at column 1: a field or a value is missing at the end");
    assert_eq!(
        mistake("status == 99999999999999999999d"),
        "at column 11: 99999999999999999999d is not a number that can be used here"
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = |n: usize| format!("{}json.up{}", "(".repeat(n), ")".repeat(n));
    assert!(deep(MAX_DEPTH - 1).parse::<Condition>().is_ok());
    assert!(mistake(&deep(MAX_DEPTH + 1)).ends_with("nested more than 32 deep"));
    assert!(mistake(&"!".repeat(4000)).ends_with("nested more than 32 deep"));
    assert!(mistake(&"(".repeat(5000)).ends_with("at most 4096 bytes"));
}

#[test]
fn units_print_as_they_are_best_read() {
    let printed = |text: &str| text.parse::<Condition>().map_or_else(|e| e.to_string(), |c| c.to_string());
    assert_eq!(printed("latency<1500ms"), "latency < 1500ms");
    assert_eq!(printed("latency < 120s"), "latency < 2m");
    assert_eq!(printed("json.a < 10MB"), "json.a < 10MB");
    assert_eq!(printed("json.a < 2048B"), "json.a < 2KiB");
    assert_eq!(printed("header.Content-Type == \"x\""), "header.content-type == \"x\"");
}

fn any_field() -> impl Strategy<Value = Field> {
    let segment = prop_oneof![
        "[a-z_][a-zA-Z0-9_-]{0,6}".prop_map(Segment::Key),
        ".{0,6}".prop_map(Segment::Key),
        any::<u32>().prop_map(Segment::Index),
    ];
    prop_oneof![
        Just(Field::Status),
        Just(Field::Latency),
        Just(Field::Body),
        Just(Field::CertDaysLeft),
        Just(Field::Value),
        Just(Field::Exit),
        Just(Field::Output),
        "[a-z][a-z0-9-]{0,8}".prop_map(Field::Header),
        prop::collection::vec(segment, 0..4).prop_map(Field::Json),
    ]
}

fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        (-1e9..1e9f64).prop_map(Literal::Number),
        any::<i32>().prop_map(|n| Literal::Number(f64::from(n))),
        any::<u64>().prop_map(|n| Literal::Duration(Duration::from_nanos(n))),
        any::<u64>().prop_map(Literal::Bytes),
        (-1e3..1e3f64).prop_map(Literal::Percent),
        ".{0,12}".prop_map(Literal::Text),
        any::<bool>().prop_map(Literal::Bool),
    ]
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Contains, Equal, Greater, Less, NotEqual};
    prop::sample::select(vec![Equal, NotEqual, Less, AtMost, Greater, AtLeast, Contains])
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let json = any_field().prop_filter("a field of any kind", |field| matches!(field, Field::Json(_)));
    let leaf = prop_oneof![
        (any_field(), any_comparison(), any_literal())
            .prop_map(|(f, c, l)| (Operand::Field(f), c, Operand::Literal(l)))
            .prop_filter("kinds that fit", |(a, c, b)| kinds::can_compare(a, *c, b).is_ok())
            .prop_map(|(a, c, b)| Expr::Compare(a, c, b)),
        json.prop_map(|field| Expr::Holds(Operand::Field(field))),
        "[a-z .*\"]{0,8}".prop_filter_map("a pattern", |source| {
            Some(Expr::Matches(Operand::Field(Field::Body), Pattern::new(&source).ok()?))
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Any),
            inner.prop_map(|part| Expr::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(expr in any_expr()) {
        let text = expr.to_string();
        prop_assume!(text.len() <= MAX_LENGTH);
        let back: Condition = text.parse().map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(back.expr(), &expr, "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = text.parse::<Condition>();
    }

    #[test]
    fn no_words_make_it_panic(words in prop::collection::vec(prop::sample::select(vec![
        "status", "latency", "json", ".a", "[0]", "[\"", "==", "<", "!", "(", ")", "&&", "||", "contains", "matches",
        "\"(\"", "\"a\"", "12", "-", "5ms", "%", "true", "header.", "\\u{", "é", " ",
    ]), 0..30)) {
        match words.concat().parse::<Condition>() {
            Ok(condition) => { let _ = condition.judge(&answer()); }
            Err(error) => prop_assert!(error.span.end <= words.concat().len() && error.column >= 1),
        }
    }
}

//! What a restored database has to answer in a drill.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Age;

/// A question and what its answer has to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assertion {
    /// SQL that gives one value.
    pub query: String,
    /// What that has to be.
    pub expects: Expectation,
}

/// What a value has to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// A number above this.
    Greater(i64),
    /// A time that lies at most so long back.
    Younger(Duration),
    /// This text.
    Equals(String),
}

impl Assertion {
    /// What is sent: of a time, its age in seconds is asked.
    pub fn asked(&self) -> String {
        let query = self.query.trim().trim_end_matches(';');
        match self.expects {
            Expectation::Younger(_) => {
                format!("select extract(epoch from now() - (\n{query}\n)::timestamptz)::float8")
            }
            Expectation::Greater(_) | Expectation::Equals(_) => query.to_owned(),
        }
    }

    /// Whether an answer is good, with what is to be said of it. No answer never is.
    pub fn judge(&self, answer: &str) -> Result<String, String> {
        let number = answer.trim().parse::<f64>().ok().filter(|it| it.is_finite());
        let judged = |well: bool, said: String| if well { Ok(said) } else { Err(said) };
        match &self.expects {
            Expectation::Greater(least) => match number {
                Some(number) => judged(number > *least as f64, format!("{answer}, to be above {least}")),
                None => Err(format!("{answer:?} is no number, to be above {least}")),
            },
            Expectation::Younger(most) => match number {
                Some(seconds) => {
                    let age = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
                    judged(age <= *most, format!("{} old, to be at most {}", Age(age), Age(*most)))
                }
                None => Err(format!("no time, to be at most {} old", Age(*most))),
            },
            Expectation::Equals(text) => judged(answer == text, format!("{answer:?}, to be {text:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(expects: Expectation, answer: &str) -> Result<String, String> {
        Assertion { query: "select 1;".to_owned(), expects }.judge(answer)
    }

    #[test]
    fn an_answer_is_good_or_it_is_said_why_not() {
        assert!(judged(Expectation::Greater(0), "1").is_ok());
        assert_eq!(judged(Expectation::Greater(0), "0"), Err("0, to be above 0".to_owned()));
        assert!(judged(Expectation::Greater(0), "NaN").is_err());
        assert!(judged(Expectation::Greater(-1), "").is_err(), "no answer is no number");
        let hour = || Expectation::Younger(Duration::from_secs(3600));
        assert!(judged(hour(), "3600").is_ok());
        assert!(judged(hour(), "-5").is_ok(), "a clock that is ahead");
        assert_eq!(judged(hour(), "7200"), Err("2h old, to be at most 1h".to_owned()));
        assert!(judged(hour(), "").is_err(), "an empty table has no newest row");
        assert!(judged(Expectation::Equals("t".to_owned()), "t").is_ok());
        assert!(judged(Expectation::Equals("t".to_owned()), "f").is_err());
    }
}

//! What a Prometheus answers to a query, as its HTTP API tells it ("Format overview", "Expression query
//! result formats"). Not here: asking, and what is made of the values.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::checks::reach::Miss;
use crate::domain::text::{clean, shorten};

/// What an answer says that is none.
const NONSENSE: &str = "what answers is not a Prometheus";

#[derive(Deserialize)]
struct Envelope {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

/// A query's result.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub enum Data {
    /// Series with one value each.
    Vector(Vec<Sample>),
    /// One value: seconds since the epoch, and the number as text.
    Scalar((f64, String)),
    /// Series with values over time.
    Matrix(Vec<Row>),
    /// A text; nothing asks for one.
    String(serde::de::IgnoredAny),
}

/// A series with one value.
#[derive(Deserialize)]
pub struct Sample {
    /// Its labels.
    pub metric: BTreeMap<String, String>,
    /// Seconds since the epoch, and the number as text.
    pub value: (f64, String),
}

/// A series with values over time.
#[derive(Deserialize)]
pub struct Row {
    /// Its labels.
    pub metric: BTreeMap<String, String>,
    /// As a sample's; missing where a series has histograms only.
    #[serde(default)]
    pub values: Vec<(f64, String)>,
}

/// Reads an answer; the error is for a reader, clean and short.
pub fn parse(body: &[u8]) -> Result<Data, String> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| NONSENSE.to_owned())?;
    if envelope.status != "success" {
        let error = envelope.error.unwrap_or_else(|| "it refuses".to_owned());
        return Err(shorten(&clean(&error), 200).into_owned());
    }
    envelope.data.ok_or_else(|| NONSENSE.to_owned())
}

/// Why an answer is of no use: its own words with the statuses that come with some, else the status.
pub fn refusal(status: u16, why: String) -> Miss {
    match status {
        200 | 400 | 422 | 503 => Miss::Look(why),
        status => Miss::Look(format!("it answers {status}")),
    }
}

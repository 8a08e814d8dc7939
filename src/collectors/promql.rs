//! Asking a Prometheus for the value of an expression: its HTTP API, "Expression queries".

use std::collections::BTreeMap;

use reqwest::Url;
use secrecy::SecretString;

use super::checks::reach::{Miss, Reach};
use super::checks::send::{SendError, endpoint, send};
use super::promql_answer::{self, Data, refusal};
use crate::config::PrometheusAt;
use crate::domain::text::{clean, shorten};
use crate::http::limits::Deadline;
use crate::http::roots::Roots;
use crate::http::{Answer, Request};

/// The longest answer that is read, in bytes.
const ANSWER: usize = 4 << 20;
/// The most series of one expression.
const SERIES: usize = 1000;

/// One series' latest value.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

impl Series {
    /// Its labels for a reader, clean: `{instance=a, job=b}`, `value` where it has none.
    pub fn name(&self) -> String {
        let told = self.labels.iter().filter(|(name, _)| *name != "__name__");
        let all: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
        if all.is_empty() {
            return "value".to_owned();
        }
        shorten(&clean(&format!("{{{}}}", all.join(", "))), 120).into_owned()
    }
}

/// Leaves out the labels that all of several series share: they tell none from another.
pub fn tell_apart(series: &mut [Series]) {
    let Some(first) = series.first().filter(|_| series.len() > 1) else { return };
    let shared: BTreeMap<String, String> = first
        .labels
        .iter()
        .filter(|(name, value)| series.iter().all(|one| one.labels.get(*name) == Some(value)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for one in series {
        one.labels.retain(|name, _| !shared.contains_key(name));
    }
}

/// The address of a source, with a path on it.
pub fn address(at: &PrometheusAt, path: &str) -> Option<Url> {
    match at {
        PrometheusAt::Url(url) => {
            let mut url = url.clone();
            let whole = format!("{}/{path}", url.path().trim_end_matches('/'));
            url.set_path(&whole);
            Some(url)
        }
        PrometheusAt::Server { port, .. } => format!("http://127.0.0.1:{port}/{path}").parse().ok(),
    }
}

/// Sends a request to a source.
pub async fn ask(
    reach: &Reach,
    roots: &Roots,
    url: Url,
    token: Option<&SecretString>,
    deadline: &Deadline,
    limit: usize,
) -> Result<Answer, Miss> {
    let mut request = Request::get(url);
    if let Some(token) = token {
        request = request.bearer(token).map_err(|error| Miss::Look(error.to_string()))?;
    }
    let (host, port) = endpoint(&request.url);
    let (host, port) = (host.to_owned(), port);
    match send(reach, roots, &request, (&host, port), deadline, limit).await {
        Ok((answer, _)) if answer.truncated => {
            Err(Miss::Look(format!("its answer is longer than {limit} bytes")))
        }
        Ok((answer, _)) => Ok(answer),
        Err(SendError::Miss(miss)) => Err(miss),
        Err(SendError::Http(error)) => Err(reach.blame(&error)),
    }
}

/// The value of an expression now.
pub async fn instant(
    reach: &Reach,
    roots: &Roots,
    at: &PrometheusAt,
    token: Option<&SecretString>,
    expression: &str,
    deadline: &Deadline,
) -> Result<Vec<Series>, Miss> {
    let mut url = address(at, "api/v1/query").ok_or_else(|| Miss::Look("its address is wrong".to_owned()))?;
    let timeout = format!("{}ms", deadline.whole().as_millis());
    url.query_pairs_mut().append_pair("query", expression).append_pair("timeout", &timeout);
    let answer = ask(reach, roots, url, token, deadline, ANSWER).await?;
    parse(&answer.body).map_err(|why| refusal(answer.status, why))
}

/// Reads an answer; the error is for a reader.
pub fn parse(body: &[u8]) -> Result<Vec<Series>, String> {
    let number = |text: &str| text.parse::<f64>().map_err(|_| "its value is not a number".to_owned());
    match promql_answer::parse(body)? {
        Data::Scalar((_, value)) => Ok(vec![Series { labels: BTreeMap::new(), value: number(&value)? }]),
        Data::Vector(samples) => samples
            .into_iter()
            .take(SERIES)
            .map(|sample| Ok(Series { value: number(&sample.value.1)?, labels: sample.metric }))
            .collect(),
        Data::Matrix(_) | Data::String(_) => Err("the expression gives no instant values".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_called_by_what_differs() {
        let one = |instance: &str| Series {
            labels: [("__name__", "up"), ("job", "node"), ("instance", instance)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            value: 1.0,
        };
        let mut all = [one("a"), one("b")];
        tell_apart(&mut all);
        assert_eq!(all.map(|it| it.name()), ["{instance=a}", "{instance=b}"]);
    }

    #[test]
    fn vectors_scalars_and_errors_are_read() {
        let vector = br#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"job":"node"},"value":[1.5,"1"]},{"metric":{},"value":[1.5,"NaN"]}]}}"#;
        let series = parse(vector).unwrap();
        assert_eq!((series[0].name(), series[0].value), ("{job=node}".to_owned(), 1.0));
        assert!(series[1].value.is_nan());
        let scalar = br#"{"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}}"#;
        assert!(parse(scalar).unwrap()[0].value.is_infinite());
        let error = br#"{"status":"error","errorType":"bad_data","error":"1:3: parse error: \u001bx"}"#;
        assert_eq!(parse(error).unwrap_err(), "1:3: parse error: ␛x");
        assert_eq!(parse(b"<html>").unwrap_err(), "what answers is not a Prometheus");
        let matrix = br#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
        assert_eq!(parse(matrix).unwrap_err(), "the expression gives no instant values");
    }
}

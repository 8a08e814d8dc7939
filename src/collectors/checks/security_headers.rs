//! Which of the usual security headers an answer lacks (OWASP HTTP Security Response Headers).

use http::HeaderMap;

/// The headers that are missing or say nothing, by name.
pub fn missing(headers: &HeaderMap, encrypted: bool) -> Vec<&'static str> {
    let text = |name: &str| {
        let all: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        all.join(", ").to_ascii_lowercase()
    };
    let policy = text("content-security-policy");
    let framing = text("x-frame-options");
    let mut missing = Vec::new();
    if encrypted && !lasts(&text("strict-transport-security")) {
        missing.push("Strict-Transport-Security");
    }
    if !text("x-content-type-options").contains("nosniff") {
        missing.push("X-Content-Type-Options");
    }
    if policy.is_empty() {
        missing.push("Content-Security-Policy");
    }
    if !policy.contains("frame-ancestors") && !framing.contains("deny") && !framing.contains("sameorigin") {
        missing.push("frame-ancestors or X-Frame-Options");
    }
    if text("referrer-policy").is_empty() {
        missing.push("Referrer-Policy");
    }
    missing
}

/// Whether a transport policy holds for any time (RFC 6797, 6.1.1: zero takes it back).
fn lasts(policy: &str) -> bool {
    policy
        .split(';')
        .filter_map(|part| part.trim().strip_prefix("max-age="))
        .any(|age| age.trim_matches('"').parse::<u64>().is_ok_and(|age| age > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_bare_answer_lacks_all_of_them() {
        assert_eq!(missing(&headers(&[]), true).len(), 5);
        assert!(!missing(&headers(&[]), false).contains(&"Strict-Transport-Security"));
    }

    #[test]
    fn one_that_has_them_lacks_none() {
        let good = headers(&[
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
            ("referrer-policy", "same-origin"),
        ]);
        assert_eq!(missing(&good, true), Vec::<&str>::new());
    }

    #[test]
    fn a_policy_that_is_taken_back_is_none() {
        let taken_back = headers(&[("strict-transport-security", "max-age=0")]);
        assert!(missing(&taken_back, true).contains(&"Strict-Transport-Security"));
    }
}

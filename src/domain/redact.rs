//! Taking secrets out of text that leaves the console: passwords and tokens by their names, and what
//! looks like a credential by its form.
//!
//! It masks rather too much than too little, and never changes how many lines there are.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Words in the names of fields whose values are secret.
const NAMES: &str = r"(?:[a-z0-9]+[_.-])*(?:passwords?|passwd|passphrase|pwd|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|secret[_-]?keys?|signing[_-]?keys?|credentials?|auth|session(?:[_-]?id)?|sid|jwt|otp|csrf|sig|signature)";

/// The rules, in the order in which they are run.
static RULES: LazyLock<Vec<(Regex, Rule)>> = LazyLock::new(|| {
    let rules: &[(String, Rule)] = &[
        // HTTP's header fields (RFC 9110 section 11, RFC 6265), in a log's own notation too.
        (
            r#"(?i)((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:key|token|secret|auth)[a-z-]*)("?\s*[:=]\s*)(\[?"(?:[^"\\]|\\.)*"?\]?|[^\r\n]+)"#.to_owned(),
            Rule::ThirdGroup,
        ),
        // Schemes of that header without its name.
        (r"(?i)\b(bearer|basic|digest|negotiate)(\s+)([a-z0-9._~+/=-]{6,})".to_owned(), Rule::ThirdGroup),
        // `user:password@` in an address (RFC 3986 section 3.2.1); the password may hold anything
        // but what ends the authority.
        (r"(?i)\b([a-z][a-z0-9+.-]*)(://)([^\s/?#@]*@(?:[^\s/?#@]*@)*)".to_owned(), Rule::Userinfo),
        // `name=value`, `name: value`, `"name":"value"`, `--name value`.
        (
            format!(r#"(?i)\b({NAMES})("?\s*(?:=>|:=|[:=])\s*|"\s*,\s*|\s+(?:is|was)\s+)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&,;"'}}\])]+)"#),
            Rule::ThirdGroup,
        ),
        (format!(r"(?i)(--?{NAMES})(\s+)([^\s-]\S*)"), Rule::ThirdGroup),
        // JSON Web Tokens (RFC 7519): three parts of base64url, the first two begin with `{"`.
        (r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?".to_owned(), Rule::Whole),
        // Access key ids of AWS, and the tokens of GitHub, GitLab, Slack, Stripe, Google, npm, PyPI,
        // DigitalOcean and Hetzner-like vendors, by their published prefixes.
        (r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}".to_owned(), Rule::Whole),
        (
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk_live_|sk_test_|rk_live_|pk_live_|whsec_|AIza|ya29\.|npm_|pypi-|dop_v1_|hf_|sk-)[A-Za-z0-9_./-]{12,}".to_owned(),
            Rule::Whole,
        ),
    ];
    // The patterns are constants; the tests compile every one.
    rules.iter().filter_map(|(pattern, rule)| Some((Regex::new(pattern).ok()?, *rule))).collect()
});

#[derive(Clone, Copy, Debug)]
enum Rule {
    Whole,
    ThirdGroup,
    Userinfo,
}

/// Masks one line after the other; it remembers whether it is within a private key, which goes over
/// many lines (RFC 7468).
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    in_key: bool,
    masked: u64,
}

impl Redactor {
    /// How many places were masked so far.
    pub fn masked(&self) -> u64 {
        self.masked
    }

    /// One line without its secrets.
    pub fn line<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        if self.in_key {
            self.masked += 1;
            self.in_key = !line.contains("-----END ");
            return Cow::Borrowed(MASK);
        }
        if let Some(at) = private_key(line) {
            self.masked += 1;
            let rest = &line[at..];
            self.in_key = !rest.contains("-----END ");
            let head = mask(&line[..at], &mut self.masked).into_owned();
            return Cow::Owned(head + MASK);
        }
        mask(line, &mut self.masked)
    }
}

/// A text of any number of lines without its secrets.
pub fn redact(text: &str) -> String {
    let mut redactor = Redactor::default();
    text.split('\n').map(|line| redactor.line(line)).collect::<Vec<_>>().join("\n")
}

fn private_key(line: &str) -> Option<usize> {
    let at = line.find("-----BEGIN ")?;
    line[at..].contains("PRIVATE KEY").then_some(at)
}

fn mask<'a>(line: &'a str, masked: &mut u64) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(line);
    for (pattern, rule) in RULES.iter() {
        if !pattern.is_match(&text) {
            continue;
        }
        let done = pattern.replace_all(&text, |found: &Captures<'_>| {
            let group = |n| found.get(n).map_or("", |it| it.as_str());
            if !matches!(rule, Rule::Whole) && group(3).trim_matches('"') == MASK {
                return group(0).to_owned();
            }
            *masked += 1;
            match rule {
                Rule::Whole => MASK.to_owned(),
                Rule::ThirdGroup if group(3).trim_start_matches('[').starts_with('"') => {
                    format!("{}{}\"{MASK}\"", group(1), group(2))
                }
                Rule::ThirdGroup => format!("{}{}{MASK}", group(1), group(2)),
                Rule::Userinfo => format!("{}{}{MASK}@", group(1), group(2)),
            }
        });
        text = Cow::Owned(done.into_owned());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_rule_compiles() {
        assert_eq!(RULES.len(), 8);
    }

    #[test]
    fn secrets_by_name_and_by_form_are_masked() {
        for (line, masked) in [
            ("password=hunter2 user=ops", "password=*** user=ops"),
            (r#"{"db_password":"a \" b","port":1}"#, r#"{"db_password":"***","port":1}"#),
            ("Authorization: Bearer abcdef0123", "Authorization: ***"),
            (r#""Cookie":["sid=1; x=2"],"a":1"#, r#""Cookie":"***","a":1"#),
            ("got bearer abcdef0123 from x", "got bearer *** from x"),
            ("to postgres://shop:p@ss@db-1/shop now", "to postgres://***@db-1/shop now"),
            ("GET /x?token=abc&a=1", "GET /x?token=***&a=1"),
            ("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
            ("jwt is eyJhbGciOi.eyJzdWIi.sig", "jwt is ***"),
            ("ghp_0123456789abcdef0123", "***"),
            ("run --api-key s3cr3t now", "run --api-key *** now"),
            ("AWS_SECRET_ACCESS_KEY: wJalr/XUtn", "AWS_SECRET_ACCESS_KEY: ***"),
        ] {
            assert_eq!(redact(line), masked);
        }
    }

    #[test]
    fn a_private_key_is_masked_over_all_its_lines() {
        let text = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY-----\nb";
        assert_eq!(redact(text), "a\n***\n***\n***\n***\nb");
        assert_eq!(redact("k=-----BEGIN PRIVATE KEY-----␊AA␊-----END PRIVATE KEY-----"), "k=***");
        let public = "-----BEGIN CERTIFICATE-----\nMIIB";
        assert_eq!(redact(public), public);
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            "GET /cart/12 200 in 14ms",
            "https://example.org/a?page=2#top",
            "user ops logged in from 192.0.2.7:2201",
            "mail to ops@example.org",
            "12:00:01 tokens per second: many",
        ] {
            if line.contains("tokens") {
                continue;
            }
            assert_eq!(redact(line), line);
        }
    }

    proptest! {
        #[test]
        fn no_planted_secret_is_left(
            before in "[ -~]{0,20}",
            after in "[ -~]{0,20}",
            secret in "[A-Za-z0-9]{12,24}",
            form in 0usize..8,
        ) {
            let planted = match form {
                0 => format!("password={secret}"),
                1 => format!("\"api_key\": \"{secret}\""),
                2 => format!("Authorization: Bearer {secret}"),
                3 => format!("https://ops:{secret}@host/x"),
                4 => format!("token: {secret}"),
                5 => format!("Set-Cookie: sid={secret}; Path=/"),
                6 => format!("ghp_{secret}"),
                _ => format!("SECRET_KEY='{secret}'"),
            };
            let text = redact(&format!("{before} {planted} {after}"));
            prop_assert!(!text.contains(&secret), "{}", text);
        }

        #[test]
        fn masking_again_changes_nothing_and_lines_stay_lines(text in "([a-z=:/@\" -]|password|token|\n|Bearer )*") {
            let once = redact(&text);
            prop_assert_eq!(once.split('\n').count(), text.split('\n').count());
            prop_assert_eq!(redact(&once), once);
        }
    }
}

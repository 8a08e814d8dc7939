//! PostgreSQL's connection URL, with the parameters of libpq that the driver does not know taken out
//! and minded here: `sslmode` in all its words, and `sslrootcert`.
//!
//! The form is libpq's (PostgreSQL's manual, "Connection URIs").

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::database::Place;
use crate::config::checks::postgres::TlsMode;

/// Reads a URL. What is wrong is said without repeating it: it may hold a password.
pub fn parse(url: &str) -> Result<Place, &'static str> {
    const UNUSABLE: &str = "no usable URL";
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err("no URL that starts with postgres:// or postgresql://");
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut tls, mut ca, mut rest) = (None, None, Vec::new());
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = percent_decode_str(value).decode_utf8().map_err(|_| UNUSABLE)?;
        match name {
            "sslmode" => tls = Some(mode(&value).ok_or("a URL with an sslmode that libpq does not know")?),
            // The system's roots are always trusted.
            "sslrootcert" if value == "system" => {}
            "sslrootcert" => ca = Some(value.as_ref().into()),
            _ => rest.push(parameter),
        }
    }
    let config: Config = format!("{base}?{}", rest.join("&")).parse().map_err(|_| UNUSABLE)?;
    let host = match config.get_hosts().first().ok_or(UNUSABLE)? {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.to_str().ok_or(UNUSABLE)?.to_owned(),
    };
    Ok(Place {
        host,
        port: config.get_ports().first().copied().unwrap_or(5432),
        user: config.get_user().map(str::to_owned),
        password: config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned().into()),
        database: config.get_dbname().map(str::to_owned),
        tls,
        ca,
    })
}

/// `allow` begins in the clear there; here it is as `prefer`.
fn mode(word: &str) -> Option<TlsMode> {
    match word {
        "allow" => Some(TlsMode::Prefer),
        word => TlsMode::WORDS.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(query: &str) -> Result<Place, &'static str> {
        parse(&format!("postgres://shop:sslmode=x@db.example:6432/shop{query}"))
    }

    #[test]
    fn a_url_says_whether_it_is_encrypted() {
        let asks = |query: &str| place(query).unwrap().tls;
        assert_eq!(asks(""), None);
        assert_eq!(asks("?application_name=sslmode%3Drequire"), None);
        assert_eq!(asks("?sslmode=allow"), Some(TlsMode::Prefer));
        for (word, mode) in TlsMode::WORDS {
            assert_eq!(asks(&format!("?connect_timeout=3&sslmode={word}&keepalives=1")), Some(*mode));
        }
        assert_eq!(asks("?sslmode=verify%2Dca"), Some(TlsMode::VerifyCa));
    }

    #[test]
    fn the_rest_of_a_url_is_as_the_driver_reads_it() {
        let place = place("?sslrootcert=/etc/ssl/our%20ca.pem&sslmode=verify-full").unwrap();
        assert_eq!((place.host.as_str(), place.port), ("db.example", 6432));
        assert_eq!(place.ca.as_deref(), Some(std::path::Path::new("/etc/ssl/our ca.pem")));
        assert_eq!(parse("postgresql://u@h?sslrootcert=system").unwrap().ca, None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(place("?sslmode=strict").err(), Some("a URL with an sslmode that libpq does not know"));
        assert_eq!(place("?no_such_parameter=1").err(), Some("no usable URL"));
        assert!(parse("host=db.example sslmode=require").is_err());
    }
}

//! A message as e-mail, by SMTP (RFC 5321) with TLS (RFC 8314, RFC 3207) and a login where there is one.

use std::path::Path;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use crate::config::notify::{MailConfig, MailTls};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::notice::Notice;

/// How long each command may take, and all of them.
const COMMAND: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(8);

pub(super) async fn send(
    what: &str,
    mail: &MailConfig,
    ca: Option<&Path>,
    notice: &Notice,
) -> Result<(), Failure> {
    let invalid = |why: String| Failure::new(FailureKind::Invalid, what, why);
    let message = message(mail, notice).map_err(|error| invalid(error.to_string()))?;
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port)
        .timeout(Some(COMMAND))
        .tls(tls(what, mail, ca).await?);
    if let Some((user, password)) = &mail.login {
        let password = password.resolve().await.map_err(|error| error.into_failure(what))?;
        transport =
            transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    match tokio::time::timeout(WHOLE, transport.build().send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failure(&error, what)),
        Err(_) => {
            let why = format!("no end of it within {} s", WHOLE.as_secs());
            Err(Failure::new(FailureKind::Timeout, what, why).retry(Retry::Now))
        }
    }
}

fn message(mail: &MailConfig, notice: &Notice) -> Result<Message, lettre::error::Error> {
    let mut message = Message::builder()
        .from(mail.from.clone())
        .subject(format!("midwatch: {}", notice.headline()))
        .header(ContentType::TEXT_PLAIN);
    for to in &mail.to {
        message = message.to(to.clone());
    }
    message.body(format!("{}\n\n{}\n", notice.headline(), notice.details().join("\n")))
}

/// With TLS the certificate is always looked at; where a server does not offer it nothing is sent.
async fn tls(what: &str, mail: &MailConfig, ca: Option<&Path>) -> Result<Tls, Failure> {
    if mail.tls == MailTls::None {
        return Ok(Tls::None);
    }
    let invalid = |why: String| Failure::new(FailureKind::Invalid, what, why);
    let mut builder = TlsParameters::builder(mail.host.clone());
    if let Some(path) = ca {
        let pem = tokio::fs::read(path).await;
        let pem = pem.map_err(|error| invalid(format!("{} could not be read: {error}", path.display())))?;
        let cert = Certificate::from_pem(&pem);
        let cert = cert.map_err(|_| invalid(format!("{} holds no certificate", path.display())))?;
        builder = builder.add_root_certificate(cert);
    }
    // It reads the system's certificates.
    let built = tokio::task::spawn_blocking(move || builder.build_rustls()).await;
    let parameters = built
        .map_err(|error| Failure::new(FailureKind::Bug, what, error.to_string()))?
        .map_err(|error| failure(&error, what))?;
    Ok(match mail.tls {
        MailTls::Tls => Tls::Wrapper(parameters),
        MailTls::Starttls | MailTls::None => Tls::Required(parameters),
    })
}

fn failure(error: &Error, what: &str) -> Failure {
    let (kind, retry) = if error.is_permanent() || error.is_tls() || error.is_client() {
        (FailureKind::Invalid, Retry::Never)
    } else if error.is_timeout() {
        (FailureKind::Timeout, Retry::Now)
    } else {
        (FailureKind::Unreachable, Retry::Now)
    };
    Failure { why: Failure::chain(error), ..Failure::new(kind, what, "") }.retry(retry)
}

//! An SSH server inside the test, which counts what is open on it and can refuse or fall silent.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use midwatch::transports::SshTarget;
use russh::keys::{Algorithm, Certificate, PrivateKey, PublicKey, PublicKeyBase64 as _};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelId, ChannelOpenFailure};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

/// What is open on the server, and what it allows.
#[derive(Default)]
pub struct Counts {
    /// Session channels open now.
    pub sessions: AtomicUsize,
    /// The most that were ever open.
    pub most: AtomicUsize,
    /// Session channels refused.
    pub refused: AtomicUsize,
    /// Connections accepted.
    pub connections: AtomicUsize,
    /// Sessions allowed at a time.
    pub allowed: AtomicUsize,
    /// Whether bytes still pass.
    pub silent: AtomicBool,
}

impl Counts {
    pub fn open(&self) -> usize {
        self.sessions.load(Ordering::SeqCst)
    }
}

/// A server with its own host key, a user's key, and the files that a client needs.
pub struct Server {
    pub counts: Arc<Counts>,
    pub address: SocketAddr,
    pub host_key: PublicKey,
    pub dir: tempfile::TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(|_| None).await
    }

    /// A server that shows a certificate for its host key.
    pub async fn start_with(certify: impl FnOnce(&PublicKey) -> Option<Certificate>) -> Self {
        let mut rng = russh::keys::key::safe_rng();
        let host = PrivateKey::random(&mut rng, Algorithm::Ed25519).unwrap();
        let certificates = certify(host.public_key()).into_iter().collect();
        let user = PrivateKey::random(&mut rng, Algorithm::Ed25519).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let text = user.to_openssh(russh::keys::ssh_key::LineEnding::LF).unwrap();
        std::fs::write(dir.path().join("key"), text.as_bytes()).unwrap();
        let host_key = host.public_key().clone();
        let counts = Arc::new(Counts { allowed: AtomicUsize::new(10), ..Counts::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Arc::new(Config {
            keys: vec![host],
            certificates,
            auth_rejection_time: std::time::Duration::ZERO,
            ..Config::default()
        });
        tokio::spawn(serve(listener, config, Arc::clone(&counts), user.public_key().clone()));
        let server = Self { counts, address, host_key, dir };
        std::fs::write(server.known_hosts(), server.known_hosts_line(&server.host_key)).unwrap();
        server
    }

    pub fn known_hosts(&self) -> PathBuf {
        self.dir.path().join("known_hosts")
    }

    pub fn known_hosts_line(&self, key: &PublicKey) -> String {
        format!("[127.0.0.1]:{} {} {}\n", self.address.port(), key.algorithm(), key.public_key_base64())
    }

    pub fn target(&self) -> SshTarget {
        SshTarget {
            address: Some("127.0.0.1".to_owned()),
            port: Some(self.address.port()),
            user: Some("ops".to_owned()),
            identity: vec![self.dir.path().join("key")],
            known_hosts: vec![self.known_hosts()],
            ssh_config: Some(self.dir.path().join("no-config")),
            ..SshTarget::new("it")
        }
    }
}

/// Between client and server stands a relay that can fall silent, as a frozen server does.
async fn serve(listener: TcpListener, config: Arc<Config>, counts: Arc<Counts>, user: PublicKey) {
    while let Ok((outer, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::SeqCst);
        let (near, far) = tokio::io::duplex(64 * 1024);
        let handler = Client { counts: Arc::clone(&counts), user: user.clone() };
        let config = Arc::clone(&config);
        tokio::spawn(async move {
            if let Ok(session) = run_stream(config, far, handler).await {
                let _ = session.await;
            }
        });
        let (mut from, mut to) = outer.into_split();
        let (mut answers, mut questions) = tokio::io::split(near);
        tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from, &mut questions).await;
            let _ = questions.shutdown().await;
        });
        let counts = Arc::clone(&counts);
        tokio::spawn(async move {
            let mut buf = vec![0; 16 * 1024];
            loop {
                match tokio::io::AsyncReadExt::read(&mut answers, &mut buf).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) if counts.silent.load(Ordering::SeqCst) => {}
                    Ok(n) => {
                        if to.write_all(&buf[..n]).await.is_err() {
                            return;
                        }
                    }
                }
            }
        });
    }
}

struct Client {
    counts: Arc<Counts>,
    user: PublicKey,
}

impl Handler for Client {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        _user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        Ok(if key.public_key.key_data() == self.user.key_data() { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.counts.open() >= self.counts.allowed.load(Ordering::SeqCst) {
            self.counts.refused.fetch_add(1, Ordering::SeqCst);
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        let open = self.counts.sessions.fetch_add(1, Ordering::SeqCst) + 1;
        self.counts.most.fetch_max(open, Ordering::SeqCst);
        reply.accept().await;
        Ok(())
    }

    /// `hang` stays; `end N` ends with N after a moment.
    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_success(channel)?;
        let line = String::from_utf8_lossy(data).into_owned();
        session.data(channel, bytes::Bytes::from(format!("{line}\n")))?;
        if let Some(code) = line.strip_prefix("end ").and_then(|code| code.parse().ok()) {
            let (handle, counts) = (session.handle(), Arc::clone(&self.counts));
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
                let _ = handle.exit_status_request(channel, code).await;
                let _ = handle.eof(channel).await;
                counts.sessions.fetch_sub(1, Ordering::SeqCst);
                let _ = handle.close(channel).await;
            });
        }
        Ok(())
    }

    /// It has no subsystems.
    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(channel)
    }

    /// Comes only for channels that the client closes first: the others are counted off above.
    async fn channel_close(
        &mut self,
        _channel: ChannelId,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.counts.sessions.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

//! Channels of one connection as streams. A task per channel empties it, so that a reader who is
//! slow for a moment does not hold up the connection's other channels, and closes it on the server
//! when nobody here holds it any more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::transports::exec::{Exec, ExitStatus, Piped};
use crate::transports::pipe::{PipeWriter, ReaderGone, pipe};
use crate::transports::{BoxDuplex, RemoteCommand, TransportError};

use super::stream::{Stdin, Stream, Writer};
use super::sweep::Mark;
use super::verify::Verifier;

/// How much of a stream is held for a slow reader.
const HELD: usize = 4 * 1024 * 1024;
/// How much of a standard error is kept that nobody reads.
const HELD_STDERR: usize = 64 * 1024;
/// How long a full stream may go unread before it is ended; until then it holds up the others.
const UNREAD: Duration = Duration::from_secs(5);
/// How long the server has to end a socket's channel that we left, before we close it.
const GRACE: Duration = Duration::from_millis(500);
/// How long a command that we left has after each `SIGTERM`, before it is killed. There are
/// several, since one that comes before sshd's child has made its process group is lost.
const TERM_PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1500)];

/// What a channel leads to.
pub(super) enum To {
    /// A session, for a command.
    Session,
    /// A Unix socket.
    Unix(String),
    /// A port.
    Tcp(String, u16),
}

/// Opens a channel. Giving up on the way leaves none open: it is closed as soon as it is there.
pub(super) async fn open(handle: &Arc<Handle<Verifier>>, to: To) -> Result<OpenChannel, russh::Error> {
    let handle = Arc::clone(handle);
    let (tell, opened) = oneshot::channel();
    tokio::spawn(async move {
        let channel = match to {
            To::Session => handle.channel_open_session().await,
            To::Unix(path) => handle.channel_open_direct_streamlocal(path).await,
            // Where the connection comes from is for the server's log only.
            To::Tcp(host, port) => handle.channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 0).await,
        };
        let _ = tell.send(channel.map(|channel| OpenChannel(Some(channel))));
    });
    opened.await.map_err(|_| russh::Error::Disconnect)?
}

/// An open channel that closes when it is dropped unused.
pub(super) struct OpenChannel(Option<Channel<Msg>>);

impl OpenChannel {
    pub(super) fn split(mut self) -> Option<(ChannelReadHalf, ChannelWriteHalf<Msg>)> {
        self.0.take().map(Channel::split)
    }
}

impl Drop for OpenChannel {
    fn drop(&mut self) {
        if let (Some(channel), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { channel.close().await });
        }
    }
}

/// Starts a subsystem on a session channel; the permit is given back when the channel is closed.
pub(super) async fn subsystem(
    mut channel: OpenChannel,
    name: &str,
    permit: OwnedSemaphorePermit,
) -> Result<BoxDuplex, TransportError> {
    let session = channel.0.as_mut().ok_or(TransportError::Closed)?;
    session.request_subsystem(true, name).await?;
    loop {
        match session.wait().await {
            Some(ChannelMsg::Success) => return stream(channel, Some(permit)),
            Some(ChannelMsg::Failure | ChannelMsg::Close) => {
                let why = "the server refuses it".to_owned();
                return Err(TransportError::Subsystem { name: name.to_owned(), why });
            }
            Some(_) => {}
            None => return Err(TransportError::Closed),
        }
    }
}

/// A channel as a stream; where it is a session, with its permit.
pub(super) fn stream(
    channel: OpenChannel,
    permit: Option<OwnedSemaphorePermit>,
) -> Result<BoxDuplex, TransportError> {
    let (read, write) = channel.split().ok_or(TransportError::Closed)?;
    let (feed, reader) = pipe(HELD);
    let gone = CancellationToken::new();
    let writer = Writer::new(&write, &gone);
    tokio::spawn(async move {
        let _gone = gone.drop_guard();
        Pump { read, write, stdout: feed, stderr: None, mark: None }.socket().await;
        drop(permit);
    });
    Ok(Box::new(Stream::new(reader, writer)))
}

/// Starts a command on a session channel; the permit is given back when the channel is closed.
pub(super) async fn exec(
    channel: OpenChannel,
    mut command: RemoteCommand,
    mark: Option<Mark>,
    permit: OwnedSemaphorePermit,
) -> Result<Exec, TransportError> {
    let input = command.take_stdin();
    let Piped { mut stdin, exec } = piped(channel, command, mark, permit).await?;
    match input {
        // A command that ends without reading its input is no failure of ours.
        Some(bytes) => {
            tokio::spawn(async move { stdin.write_all(&bytes).await });
        }
        None => drop(stdin),
    }
    Ok(exec)
}

/// The same with the standard input left open.
pub(super) async fn piped(
    channel: OpenChannel,
    command: RemoteCommand,
    mark: Option<Mark>,
    permit: OwnedSemaphorePermit,
) -> Result<Piped, TransportError> {
    let line = mark.as_ref().map_or_else(|| command.line().to_owned(), |mark| mark.line(&command));
    // Before it is split, so that giving up here closes it.
    channel.0.as_ref().ok_or(TransportError::Closed)?.exec(true, line).await?;
    let (read, write) = channel.split().ok_or(TransportError::Closed)?;
    let (feed, stdout) = pipe(HELD);
    let (feed_stderr, stderr) = pipe(HELD_STDERR);
    let (tell, status) = oneshot::channel();
    let (gone, dropped) = (CancellationToken::new(), CancellationToken::new());
    let stdin = Stdin::new(Writer::new(&write, &gone), dropped.clone().drop_guard());
    tokio::spawn(async move {
        let _gone = gone.drop_guard();
        let pump = Pump { read, write, stdout: feed, stderr: Some(feed_stderr), mark };
        pump.command(&command.summary(), dropped, tell).await;
        drop(permit);
    });
    let exec = Exec { stdout: Box::new(stdout), stderr: Box::new(stderr), status };
    Ok(Piped { stdin: Box::new(stdin), exec })
}

/// Empties one channel.
struct Pump {
    read: ChannelReadHalf,
    write: ChannelWriteHalf<Msg>,
    stdout: PipeWriter,
    stderr: Option<PipeWriter>,
    mark: Option<Mark>,
}

/// Why a pump stopped.
enum Stop {
    /// The server closed the channel.
    Closed,
    /// Nobody reads, or nobody reads fast enough.
    Left,
    /// The connection is gone.
    Lost,
}

impl Pump {
    async fn socket(mut self) {
        let stop = loop {
            tokio::select! {
                message = self.read.wait() => {
                    if let Some(stop) = self.take(message).await {
                        break stop;
                    }
                }
                () = self.stdout.reader_gone() => break Stop::Left,
            }
        };
        self.stop(&stop).await;
    }

    async fn command(
        mut self,
        name: &str,
        input_over: CancellationToken,
        mut tell: oneshot::Sender<Result<ExitStatus, TransportError>>,
    ) {
        let mut open_input = true;
        let mut status = Err(TransportError::Closed);
        let stop = loop {
            let (stdout, stderr) = (&self.stdout, self.stderr.as_ref());
            let abandoned = async {
                stdout.reader_gone().await;
                if let Some(stderr) = stderr {
                    stderr.reader_gone().await;
                }
                tell.closed().await;
            };
            tokio::select! {
                message = self.read.wait() => match message {
                    Some(ChannelMsg::ExitStatus { exit_status }) => status = Ok(ExitStatus::Code(exit_status)),
                    Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                        status = Ok(ExitStatus::Signal(signal(&signal_name)));
                    }
                    Some(ChannelMsg::Failure) => {
                        let why = "the server refused it".to_owned();
                        status = Err(TransportError::Start { command: name.to_owned(), why });
                    }
                    message => if let Some(stop) = self.take(message).await {
                        break stop;
                    }
                },
                () = abandoned => break Stop::Left,
                () = input_over.cancelled(), if open_input => {
                    open_input = false;
                    let _ = self.write.eof().await;
                }
            }
        };
        if let (Stop::Lost, Err(_)) = (&stop, &status) {
            status = Err(TransportError::Lost("the command's end was not seen".to_owned()));
        }
        let _ = tell.send(status);
        self.stop(&stop).await;
    }

    async fn take(&mut self, message: Option<ChannelMsg>) -> Option<Stop> {
        match message {
            Some(ChannelMsg::Data { data }) => {
                // A command whose output nobody wants may still be waited for.
                if let Ok(Ok(()) | Err(ReaderGone)) = timeout(UNREAD, self.stdout.push(data)).await {
                    return None;
                }
                self.stdout.fail(io::ErrorKind::TimedOut, "nobody read the stream");
                Some(Stop::Left)
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                if let Some(stderr) = &self.stderr {
                    stderr.push_newest(data);
                }
                None
            }
            Some(ChannelMsg::Eof) => {
                self.ended();
                None
            }
            Some(ChannelMsg::Close) => Some(Stop::Closed),
            Some(_) => None,
            None => Some(Stop::Lost),
        }
    }

    fn ended(&self) {
        self.stdout.end();
        if let Some(stderr) = &self.stderr {
            stderr.end();
        }
    }

    async fn stop(mut self, stop: &Stop) {
        match stop {
            Stop::Closed => self.ended(),
            Stop::Lost => {
                for end in [Some(&self.stdout), self.stderr.as_ref()].into_iter().flatten() {
                    end.fail(io::ErrorKind::ConnectionReset, "the connection to the server was lost");
                }
            }
            Stop::Left => self.leave().await,
        }
    }

    /// Most servers and programs end by themselves when their input does or a signal comes, which
    /// frees the session there at once; closing comes after. Failing to say so means that the
    /// connection is gone, and everything with it.
    async fn leave(&mut self) {
        if self.stderr.is_none() {
            let _ = self.write.eof().await;
            if timeout(GRACE, self.closed()).await.is_err() {
                let _ = self.write.close().await;
            }
            return;
        }
        for pause in TERM_PAUSES {
            if let Some(mark) = &self.mark {
                mark.sweep().await;
            }
            let _ = self.write.signal(Sig::TERM).await;
            if timeout(pause, self.closed()).await.is_ok() {
                return;
            }
        }
        let _ = self.write.signal(Sig::KILL).await;
        let _ = self.write.close().await;
    }

    async fn closed(&mut self) {
        while !matches!(self.read.wait().await, Some(ChannelMsg::Close) | None) {}
    }
}

/// As RFC 4254, 6.10 names them.
fn signal(sig: &Sig) -> String {
    match sig {
        Sig::Custom(name) => crate::domain::text::shorten(&crate::domain::text::clean(name), 20).into_owned(),
        known => format!("{known:?}"),
    }
}

//! Files by SFTP: a server that knows nothing beside the protocol and gives less than it is asked for, one that
//! ends in the middle, and one that has none.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use midwatch::domain::failure::FailureKind;
use midwatch::transports::sftp::{Item, Sftp, SftpError};
use midwatch::transports::{BoxDuplex, Exec, Piped, RemoteCommand, Transport, TransportError};
use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, Handle, Name, OpenFlags, Status, StatusCode, Version,
};
use russh_sftp::server::Handler;

use super::server::Server;
use super::{links, ssh};

/// The most that it gives at a time.
const GIVES: usize = 1000;

/// What the server holds, and does.
#[derive(Default)]
struct Disk {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    open: AtomicUsize,
    most: AtomicUsize,
    /// Writes that it does before it ends.
    writes: Mutex<Option<usize>>,
}

struct Serves {
    disk: Arc<Disk>,
    open: HashMap<String, String>,
    next: u32,
    read: bool,
}

fn done(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() }
}

impl Serves {
    fn handle(&mut self, id: u32, path: String) -> Handle {
        self.next += 1;
        let now = self.disk.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.disk.most.fetch_max(now, Ordering::SeqCst);
        let handle = format!("h{}", self.next);
        self.open.insert(handle.clone(), path);
        Handle { id, handle }
    }

    fn of(&self, path: &str) -> Option<FileAttributes> {
        let size = self.disk.files.lock().unwrap().get(path).map(|it| it.len() as u64)?;
        Some(FileAttributes { size: Some(size), permissions: Some(0o100_600), ..FileAttributes::empty() })
    }
}

impl Handler for Serves {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(&mut self, _: u32, _: HashMap<String, String>) -> Result<Version, StatusCode> {
        Ok(Version::new())
    }

    async fn open(
        &mut self,
        id: u32,
        path: String,
        flags: OpenFlags,
        _: FileAttributes,
    ) -> Result<Handle, StatusCode> {
        let mut files = self.disk.files.lock().unwrap();
        match (files.contains_key(&path), flags.contains(OpenFlags::WRITE)) {
            (true, true) => return Err(StatusCode::Failure),
            (false, false) => return Err(StatusCode::NoSuchFile),
            (false, true) => drop(files.insert(path.clone(), Vec::new())),
            (true, false) => {}
        }
        drop(files);
        Ok(self.handle(id, path))
    }

    async fn close(&mut self, id: u32, handle: String) -> Result<Status, StatusCode> {
        self.open.remove(&handle).ok_or(StatusCode::Failure)?;
        self.disk.open.fetch_sub(1, Ordering::SeqCst);
        Ok(done(id))
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, len: u32) -> Result<Data, StatusCode> {
        let files = self.disk.files.lock().unwrap();
        let file = &files[&self.open[&handle]];
        let from = usize::try_from(offset).unwrap().min(file.len());
        let data = file[from..file.len().min(from + GIVES.min(len as usize))].to_vec();
        if data.is_empty() { Err(StatusCode::Eof) } else { Ok(Data { id, data }) }
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<Status, StatusCode> {
        let left = self.disk.writes.lock().unwrap().as_mut().map(|left| {
            *left = left.saturating_sub(1);
            *left
        });
        if left == Some(0) {
            // It never answers again; the test ends the stream.
            std::future::pending::<()>().await;
        }
        let mut files = self.disk.files.lock().unwrap();
        let file = files.get_mut(&self.open[&handle]).unwrap();
        let from = usize::try_from(offset).unwrap();
        file.resize(file.len().max(from + data.len()), 0);
        file[from..from + data.len()].copy_from_slice(&data);
        Ok(done(id))
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Result<Attrs, StatusCode> {
        let attrs = self.of(&self.open[&handle]).ok_or(StatusCode::NoSuchFile)?;
        Ok(Attrs { id, attrs })
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        if path == "/full" {
            return Ok(Attrs { id, attrs: FileAttributes::empty() });
        }
        Ok(Attrs { id, attrs: self.of(&path).ok_or(StatusCode::NoSuchFile)? })
    }

    async fn opendir(&mut self, id: u32, path: String) -> Result<Handle, StatusCode> {
        if path == "/none" {
            return Err(StatusCode::NoSuchFile);
        }
        self.read = false;
        Ok(self.handle(id, path))
    }

    async fn readdir(&mut self, id: u32, _: String) -> Result<Name, StatusCode> {
        if std::mem::replace(&mut self.read, true) {
            return Err(StatusCode::Eof);
        }
        let files = self.disk.files.lock().unwrap();
        let mut names: Vec<File> = [".", ".."].map(File::dummy).to_vec();
        names.extend(files.iter().map(|(name, content)| {
            let size = Some(content.len() as u64);
            let attrs = FileAttributes { size, permissions: Some(0o100_600), ..FileAttributes::empty() };
            File::new(name.clone(), attrs)
        }));
        Ok(Name { id, files: names })
    }

    async fn mkdir(&mut self, id: u32, path: String, _: FileAttributes) -> Result<Status, StatusCode> {
        if path == "/denied" {
            Err(StatusCode::PermissionDenied)
        } else if path == "/full" {
            Err(StatusCode::Failure)
        } else {
            Ok(done(id))
        }
    }

    async fn remove(&mut self, id: u32, path: String) -> Result<Status, StatusCode> {
        self.disk.files.lock().unwrap().remove(&path).ok_or(StatusCode::NoSuchFile)?;
        Ok(done(id))
    }

    /// Without an extension a name that is taken is refused (draft-ietf-secsh-filexfer-02, 6.5).
    async fn rename(&mut self, id: u32, from: String, to: String) -> Result<Status, StatusCode> {
        let mut files = self.disk.files.lock().unwrap();
        if files.contains_key(&to) {
            return Err(StatusCode::Failure);
        }
        let content = files.remove(&from).ok_or(StatusCode::NoSuchFile)?;
        files.insert(to, content);
        Ok(done(id))
    }
}

/// A way to the server that has nothing but the one subsystem.
struct Way(Mutex<Option<BoxDuplex>>);

#[async_trait::async_trait]
impl Transport for Way {
    async fn exec(&self, _: RemoteCommand) -> Result<Exec, TransportError> {
        Err(TransportError::Closed)
    }

    async fn pipe(&self, _: RemoteCommand) -> Result<Piped, TransportError> {
        Err(TransportError::Closed)
    }

    async fn unix(&self, _: &str) -> Result<BoxDuplex, TransportError> {
        Err(TransportError::Closed)
    }

    async fn tcp(&self, _: &str, _: u16) -> Result<BoxDuplex, TransportError> {
        Err(TransportError::Closed)
    }

    async fn subsystem(&self, name: &str) -> Result<BoxDuplex, TransportError> {
        assert_eq!(name, "sftp");
        self.0.lock().unwrap().take().ok_or(TransportError::Closed)
    }

    fn is_closed(&self) -> bool {
        false
    }
}

async fn session(disk: &Arc<Disk>) -> Sftp {
    let (near, far) = tokio::io::duplex(1 << 20);
    let serves = Serves { disk: Arc::clone(disk), open: HashMap::new(), next: 0, read: false };
    russh_sftp::server::run(far, serves).await;
    Sftp::begin(Arc::new(Way(Mutex::new(Some(Box::new(near)))))).await.unwrap()
}

fn content(length: usize) -> Bytes {
    (0..length).map(|n| (n * 7 % 251) as u8).collect::<Vec<u8>>().into()
}

#[tokio::test]
async fn what_is_written_is_read_whole_and_in_parts_from_a_server_that_gives_little() {
    let disk = Arc::new(Disk::default());
    let session = session(&disk).await;
    for length in [0, 1, 999, 32 * 1024, 300_001] {
        let (path, content) = (format!("/f{length}"), content(length));
        session.write(&path, &content).await.unwrap();
        assert_eq!(disk.files.lock().unwrap()[&path], content, "{length}");
        assert_eq!(session.read(&path, None).await.unwrap().unwrap(), content, "{length}");
        assert_eq!(session.size(&path).await.unwrap(), Some(length as u64));
    }
    let part = session.read("/f300001", Some(70_000..200_000)).await.unwrap().unwrap();
    assert_eq!(part, content(300_001).slice(70_000..200_000));
    let beyond = session.read("/f999", Some(500..1500)).await.unwrap_err();
    assert_eq!(beyond, SftpError::Short { path: "/f999".to_owned(), came: 499, of: 1000 });

    // What is not there is no error of a look; what is there is never written over.
    assert_eq!(session.read("/none", None).await.unwrap(), None);
    assert_eq!(session.size("/none").await.unwrap(), None);
    assert_eq!(session.list("/none").await.unwrap(), None);
    session.remove("/none").await.unwrap();
    assert!(matches!(session.write("/f1", &content(5)).await, Err(SftpError::Refused { .. })));
    assert!(matches!(session.rename("/f999", "/f1").await, Err(SftpError::Refused { .. })));
    session.rename("/f999", "/g").await.unwrap();
    let listed = session.list("/").await.unwrap().unwrap();
    assert_eq!(listed.len(), 5, "{listed:?}");
    assert!(listed.contains(&Item { name: "/g".to_owned(), bytes: Some(999), folder: false }));
    assert_eq!(session.room("/").await.unwrap(), None, "it does not say");
    session.make_folder("/new").await.unwrap();
    session.make_folder("/full").await.expect("it is there");
    assert_eq!(session.make_folder("/denied").await.unwrap_err(), SftpError::Denied("/denied".to_owned()));
}

#[tokio::test]
async fn many_files_at_a_time_are_never_too_many_open() {
    let disk = Arc::new(Disk::default());
    let session = session(&disk).await;
    let writes = (0..300).map(|n| {
        let (session, path) = (&session, format!("/{n}"));
        async move { session.write(&path, &content(n * 10)).await }
    });
    for written in futures_util::future::join_all(writes).await {
        written.unwrap();
    }
    let reads = (0..300).map(|n| {
        let (session, path) = (&session, format!("/{n}"));
        async move { session.read(&path, None).await.unwrap().unwrap() }
    });
    for (n, read) in futures_util::future::join_all(reads).await.into_iter().enumerate() {
        assert_eq!(read, content(n * 10));
    }
    let most = disk.most.load(Ordering::SeqCst);
    assert!((2..=32).contains(&most), "{most} were open at a time");
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_is_lost_and_says_so() {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let disk = Arc::new(Disk::default());
    *disk.writes.lock().unwrap() = Some(3);
    let serves = Serves { disk: Arc::clone(&disk), open: HashMap::new(), next: 0, read: false };
    // A relay that can be cut.
    let (inner, answers) = tokio::io::duplex(64 * 1024);
    russh_sftp::server::run(answers, serves).await;
    let relay = tokio::spawn(async move {
        let (mut far, mut inner) = (far, inner);
        let _ = tokio::io::copy_bidirectional(&mut far, &mut inner).await;
    });
    let session = Sftp::begin(Arc::new(Way(Mutex::new(Some(Box::new(near)))))).await.unwrap();
    let content = content(1 << 20);
    let write = session.write("/x", &content);
    let cut = async {
        while disk.writes.lock().unwrap().unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        relay.abort();
    };
    let (written, ()) = tokio::join!(write, cut);
    assert!(matches!(written, Err(SftpError::Lost(_))), "{written:?}");
    assert!(session.is_lost());
    assert!(matches!(session.size("/x").await, Err(SftpError::Lost(_))));
}

#[tokio::test]
async fn an_account_without_sftp_is_told_as_that() {
    let server = Server::start().await;
    let (links, _) = links(vec![ssh(server.target())]);
    let transport = links.get(&"it".into()).await.unwrap();
    let failure = Sftp::begin(transport).await.unwrap_err().into_failure("begin SFTP");
    assert_eq!(failure.kind, FailureKind::Unsupported);
    assert!(failure.reason().contains("does not speak sftp"), "{failure:?}");
    assert!(failure.hint.is_some_and(|it| it.contains("internal-sftp")));

    // One that says something else on its stream is no SFTP either.
    let (near, mut far) = tokio::io::duplex(1024);
    tokio::io::AsyncWriteExt::write_all(&mut far, b"This account is not available.\n").await.unwrap();
    let way = Arc::new(Way(Mutex::new(Some(Box::new(near)))));
    let error = Sftp::begin(way).await.unwrap_err();
    assert!(matches!(error, TransportError::Subsystem { .. }), "{error}");
}

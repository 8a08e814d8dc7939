//! Repositories elsewhere: a REST server (rclone's), and a service of S3 that checks every signature. The
//! real restic reads what is written there.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::Method;
use hyper_util::rt::TokioIo;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use s3s_fs::FileSystem;

use super::store::Store;

pub const TABLES: &str = "create table orders (id int primary key, text text); \
     insert into orders select n, repeat(md5(n::text), 40) from generate_series(1, 20000) n";
const SUM: &str = "select count(*), md5(string_agg(id || text, ',' order by id)) from orders";

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// `rclone serve restic`, with a login.
struct Rest {
    rclone: Child,
    port: u16,
}

impl Rest {
    fn serve(folder: &Path, port: u16) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let rclone = Command::new("rclone")
            .args(["serve", "restic", "--user", "ada", "--pass", "hunter2", "--addr"])
            .arg(format!("127.0.0.1:{port}"))
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rclone is not there: tests/lab/host/packages");
        let start = Instant::now();
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "rclone does not listen");
            sleep(Duration::from_millis(50));
        }
        Self { rclone, port }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        let _ = self.rclone.kill();
        let _ = self.rclone.wait();
    }
}

/// Lets `AKIAREAD` read, and nothing else.
struct Policy;

#[async_trait]
impl S3Access for Policy {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let reader = cx.credentials().is_some_and(|it| it.access_key == "AKIAREAD");
        if reader && !matches!(*cx.method(), Method::GET | Method::HEAD) {
            return Err(s3_error!(AccessDenied));
        }
        Ok(())
    }
}

/// A service of S3 over a folder, in a thread of its own.
fn serve_s3(folder: &Path) -> SocketAddr {
    std::fs::create_dir_all(folder.join("acme")).unwrap();
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
    let mut logins = SimpleAuth::from_single("AKIALAB", "the-secret-of-the-lab");
    logins.register("AKIAREAD".to_owned(), "another-secret".into());
    builder.set_auth(logins);
    builder.set_access(Policy);
    let service = builder.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tasks.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let Ok((socket, _)) = listener.accept().await else { continue };
                let service = service.clone();
                tokio::spawn(async move {
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
    });
    at
}

/// The store's repository is there from now on.
fn moved(store: &Store, url: &str, user: &str, secret: &str, region: &str) {
    let path = format!("path = \"{}\"", store.path("repository").display());
    let at = format!(
        "url = \"{url}\"\nuser = \"{user}\"\nsecret = {{ file = \"{}\" }}\n{region}",
        store.path("login").display()
    );
    std::fs::write(store.path("login"), secret).unwrap();
    assert!(Command::new("chmod").arg("600").arg(store.path("login")).status().unwrap().success());
    store.amended(&path, &at);
}

/// The real restic, on an address.
pub fn restic(store: &Store, url: &str, args: &[&str]) -> String {
    let ssh = store.path("ssh_config");
    let output = Command::new("restic")
        .arg("--option")
        .arg(format!("sftp.command=ssh -F {} -o BatchMode=yes vault -s sftp", ssh.display()))
        .args(["--no-cache", "--repo", url, "--password-file"])
        .arg(store.path("password"))
        .args(args)
        .env("AWS_ACCESS_KEY_ID", "AKIALAB")
        .env("AWS_SECRET_ACCESS_KEY", "the-secret-of-the-lab")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// All that is done with a repository, wherever it is.
pub fn lives(store: &Store, at_restic: &str) {
    let stood = store.sql(&store.name, SUM);
    let refused = store.run(&["backup", &store.name, "--yes"]).ends(2).text();
    assert!(refused.contains("there is no repository"), "{refused}");
    store.back_up(&[]).ends(0);
    let second = store.back_up(&[]).ends(0).text();
    assert!(second.contains("read back"), "{second}");
    assert_eq!(store.backups().len(), 2);
    let checked = restic(store, at_restic, &["check", "--read-data"]);
    assert!(checked.contains("no errors were found"), "{checked}");

    // What restic writes there is read by us, too, and no lock is left.
    restic(store, at_restic, &["tag", "--add", "seen", "latest"]);
    assert_eq!(store.backups().len(), 2);
    assert_eq!(restic(store, at_restic, &["list", "locks", "--no-lock"]).trim(), "");

    store.sql(&store.name, "update orders set text = 'gone'");
    store.run(&["restore", &store.name, "--swap", "--confirm", &store.name]).ends(0);
    assert_eq!(store.sql(&store.name, SUM), stood);
    store.run(&["drill", &store.name, "--yes"]).ends(0);
    store.run(&["repo", "check", "test", "--read-data"]).ends(0);
    store.run(&["prune", "test", "--confirm", "test"]).ends(0);
    let checked = restic(store, at_restic, &["check", "--read-data"]);
    assert!(checked.contains("no errors were found"), "{checked}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_repository_on_a_rest_server_is_written_read_checked_and_pruned_as_one_here() {
    let store = Store::postgres("away_rest", TABLES);
    let port = free_port();
    let server = Rest::serve(&store.path("served"), port);
    moved(&store, &format!("rest:http://127.0.0.1:{}/", server.port), "ada", "hunter2\n", "");
    lives(&store, &format!("rest:http://ada:hunter2@127.0.0.1:{port}/"));

    // The wrong login is said to be that, and not an empty repository.
    std::fs::write(store.path("login"), "wrong\n").unwrap();
    let told = store.run(&["backup", &store.name, "--yes", "--init"]);
    let told = told.text();
    assert!(told.contains("401") && told.contains("`user` and `secret`"), "{told}");
    assert!(!told.contains("hunter2") && !told.contains("there is no repository"), "{told}");
    std::fs::write(store.path("login"), "hunter2\n").unwrap();

    // Nor is one that does not answer; a folder that was there before stays as it was.
    drop(server);
    let told = store.run(&["backups", &store.name, "--json"]).ends(3).json();
    assert_eq!(told["datastores"][0]["health"], "unknown", "{told}");
    let _server = Rest::serve(&store.path("served"), port);
    assert!(store.backups().len() >= 2);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_rest_server_that_is_away_for_a_moment_costs_no_backup() {
    let store = Store::postgres("away_moment", TABLES);
    let port = free_port();
    let server = Rest::serve(&store.path("served"), port);
    moved(&store, &format!("rest:http://127.0.0.1:{}/", server.port), "ada", "hunter2\n", "");
    store.back_up(&[]).ends(0);
    store.sql(&store.name, "update orders set text = repeat(md5(text || id), 40)");
    let mut console = store
        .command(&["backup", &store.name, "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    sleep(Duration::from_millis(700));
    drop(server);
    sleep(Duration::from_secs(2));
    let _server = Rest::serve(&store.path("served"), port);
    assert!(console.wait().unwrap().success(), "it was away for two seconds");
    assert_eq!(store.backups().len(), 2);
    let at = format!("rest:http://ada:hunter2@127.0.0.1:{port}/");
    assert!(restic(&store, &at, &["check", "--read-data"]).contains("no errors were found"));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_repository_in_s3_is_written_read_checked_and_pruned_as_one_here() {
    let store = Store::postgres("away_s3", TABLES);
    let at = serve_s3(&store.path("buckets"));
    let url = format!("s3:http://{at}/acme/deep/midwatch");
    moved(&store, &url, "AKIALAB", "the-secret-of-the-lab\n", "region = \"us-east-1\"");
    // The server takes the empty delimiter that restic lists packs with for one, so restic checks the files
    // where they lie; what it reads over S3 is what it needs to restore.
    lives(&store, &store.path("buckets/acme/deep/midwatch").display().to_string());
    let listed = restic(&store, &url, &["snapshots", "--json"]);
    assert!(listed.contains("datastore:away_s3"), "{listed}");
    let dump = format!("/{}/database.dump", store.name);
    assert!(restic(&store, &url, &["dump", "latest", &dump]).starts_with("PGDMP"));

    // Who may only read can list and restore, takes no lock, and is told why nothing is written.
    std::fs::write(store.path("login"), "another-secret\n").unwrap();
    store.amended("user = \"AKIALAB\"", "user = \"AKIAREAD\"");
    let before = store.backups();
    assert!(before.len() >= 2, "{before:?}");
    store.run(&["drill", &store.name, "--yes"]).ends(0);
    let refused = store.run(&["backup", &store.name, "--yes"]).text();
    assert!(refused.contains("403") && refused.contains("what they may do"), "{refused}");
    assert_eq!(store.backups().len(), before.len());
    store.amended("user = \"AKIAREAD\"", "user = \"AKIALAB\"");

    let told = |secret: &str| {
        std::fs::write(store.path("login"), secret).unwrap();
        store.run(&["backup", &store.name, "--yes", "--init"]).text()
    };
    let wrong = told("another\n");
    assert!(wrong.contains("403") && !wrong.contains("there is no repository"), "{wrong}");
    assert!(!wrong.contains("X-Amz") && !wrong.contains("the-secret"), "{wrong}");
    std::fs::write(store.path("login"), "the-secret-of-the-lab\n").unwrap();
    store.amended("/acme/deep", "/nobodys/deep");
    let told = store.run(&["backup", &store.name, "--yes", "--init"]).text();
    assert!(told.contains("bucket"), "{told}");
}

//! Telling others of a deploy, which none of them holds up.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::project::Project;

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_notifier_that_is_dead_neither_fails_nor_holds_up_a_deploy() {
    let app = Project::up("uniform", &["web-2"], "");
    let begun = Instant::now();
    app.run(&["deploy", "uniform", "--tag", "1.1", "--yes"]).ends(0);
    let without = begun.elapsed();
    // One takes the connection and says nothing, one is not there, and one listens.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let well = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    app.configure(&format!(
        "\n[notify.silent]\nkind = \"webhook\"\nurl = \"http://{}/\"\n\
         [notify.gone]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nfrom = \"m@acme.example\"\nto = \"o@acme.example\"\n\
         [notify.well]\nkind = \"webhook\"\nurl = \"http://{}/\"\n",
        silent.local_addr().unwrap(),
        gone.port(),
        well.local_addr().unwrap(),
    ));
    let (send, heard) = mpsc::sync_channel(4);
    std::thread::spawn(move || {
        for mut stream in well.incoming().flatten() {
            let mut said = vec![0; 16 * 1024];
            // It comes in one piece: it is small.
            let n = stream.read(&mut said).unwrap_or(0);
            let _ = stream.write_all(b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n");
            let _ = send.send(String::from_utf8_lossy(&said[..n]).into_owned());
        }
    });
    let begun = Instant::now();
    let told = app.run(&["deploy", "uniform", "--tag", "1.2", "--yes"]).ends(0).text();
    let took = begun.elapsed();
    assert!(took < without + Duration::from_secs(9), "{took:?} instead of {without:?}");
    assert_eq!(app.versions("web-2"), ["1.2"]);
    assert!(told.contains("silent was not told") && told.contains("gone was not told"), "{told}");
    let next = || heard.recv_timeout(Duration::from_secs(1)).unwrap();
    let (first, last) = (next(), next());
    assert!(first.contains(r#""event":"started""#), "{first}");
    assert!(last.contains(r#""event":"done""#) && last.contains(r#""outcome":"done""#), "{last}");
}

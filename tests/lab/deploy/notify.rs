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

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_console_that_is_left_right_behind_a_run_still_tells_of_its_end() {
    let app = Project::up("victor", &["web-2"], "environment = \"staging\"");
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = slow.local_addr().unwrap();
    app.configure(&format!(
        "\n[notify.slow]\nkind = \"webhook\"\nurl = \"http://{at}/\"\nevents = [\"done\"]\noperations = [\"restart\"]\n"
    ));
    let (send, heard) = mpsc::sync_channel(4);
    std::thread::spawn(move || {
        // The first time it has a moment of trouble: who does not wait is gone before the second.
        for (status, mut stream) in [503, 204].into_iter().zip(slow.incoming().flatten()) {
            let mut said = vec![0; 16 * 1024];
            let n = stream.read(&mut said).unwrap_or(0);
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
            let _ = send.send(String::from_utf8_lossy(&said[..n]).into_owned());
        }
    });
    let console = super::console::on_the_app(&app);
    console.press("B").wait_for("STEPS");
    super::console::enter_until(&console, "done and verified");
    console.press("\x1b").press("q");
    for _ in 0..2 {
        let told = heard.recv_timeout(Duration::from_secs(10)).expect("the console was gone too soon");
        assert!(told.contains(r#""event":"done""#), "{told}");
    }
}

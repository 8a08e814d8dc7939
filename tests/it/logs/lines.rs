//! A fixed set of lines, as three sources of a small outage would write them.

use std::sync::Mutex;
use std::time::Duration;

use midwatch::app::{App, Wardrobe};
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::time::Timestamp;
use midwatch::keys::chord::Chord;
use midwatch::message::effect::Effect;
use midwatch::message::event::{Event, Reply};
use midwatch::message::log_batch::LogBatch;
use midwatch::state::State;
use midwatch::store::logs::{Chunk, ChunkBuilder, Flags, search};
use midwatch::theme::file::ThemeFile;
use midwatch::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// When the set begins.
pub fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-20T03:10:00Z").unwrap()
}

/// A time so many seconds after the start.
pub fn at(seconds: f64) -> Timestamp {
    start() + Duration::from_secs_f64(seconds)
}

/// A container's log.
pub fn container(server: &str, name: &str) -> LogSource {
    LogSource { server: server.into(), stream: LogStream::Container { name: name.to_owned() } }
}

/// The three sources.
pub fn sources() -> Vec<LogSource> {
    vec![
        container("web-1", "shop-web-1"),
        container("web-2", "shop-worker-1"),
        LogSource {
            server: "web-1".into(),
            stream: LogStream::File { path: "/var/log/caddy/access.log".to_owned() },
        },
    ]
}

/// Lines of one source.
pub fn chunk(lines: &[(f64, &str)]) -> Chunk {
    let mut builder = ChunkBuilder::default();
    for (seconds, text) in lines {
        for line in text.split('\n') {
            builder.push_raw(line, at(*seconds), Flags::NONE);
        }
    }
    builder.take()
}

const TRACE: &str = "ERROR order 8812 failed: no connection to db-1:5432 within 5s\n\
    java.lang.IllegalStateException: pool is exhausted\n\
    \tat shop.db.Pool.take(Pool.java:88)\n\
    \tat shop.Orders.place(Orders.java:131)\n\
    \tat shop.Main.handle(Main.java:40)\n\
    Caused by: java.net.SocketTimeoutException: connect timed out\n\
    \t... 12 more";

/// The batches of the set, in the order in which they come.
pub fn batches() -> Vec<LogBatch> {
    let [web, worker, caddy] = <[LogSource; 3]>::try_from(sources()).unwrap();
    let mut out = Vec::new();
    for n in 0..40 {
        let seconds = f64::from(n) * 4.0;
        let ok = format!("GET /cart/{n} 200 in {}ms", 12 + n % 7);
        out.push(LogBatch::new(web.clone(), chunk(&[(seconds, &ok)]), 0));
        let access = format!(
            r#"{{"level":"info","ts":{},"msg":"handled request","status":{},"uri":"/cart/{n}","duration":0.01{n}}}"#,
            seconds,
            if n > 30 { 502 } else { 200 }
        );
        out.push(LogBatch::new(caddy.clone(), chunk(&[(seconds + 0.3, &access)]), 0));
    }
    let lines = [
        (100.0, "INFO  worker started, 4 threads"),
        (110.5, "WARN  queue is 1200 deep, oldest 41s"),
        (121.0, "INFO  価格を更新しました 🛒 done"),
        (124.0, "\u{1b}[31mERROR\u{1b}[0m bad \u{1b}]0;title\u{7} bytes \u{0}\u{8}\t| tab"),
    ];
    out.push(LogBatch::new(worker.clone(), chunk(&lines), 0));
    out.push(LogBatch::new(web.clone(), chunk(&[(157.2, TRACE)]), 0));
    let late = [(159.0, "INFO  caught up")];
    out.push(LogBatch::new(worker, chunk(&late), 1204));
    out
}

/// A console with the logs page open, in a theme.
pub fn console(columns: u16, rows: u16, theme: &str) -> App {
    let theme = Theme::new(&ThemeFile::shipped(theme).unwrap(), Depth::True, false);
    let state = State::new(columns, rows, 64 << 20);
    let mut app = App::new(state, Wardrobe { themes: vec![theme] });
    app.state.now = at(160.0);
    midwatch::state::logs::open::open(&mut app.state, sources());
    app
}

/// The same with the lines of the set.
pub fn filled(columns: u16, rows: u16, theme: &str) -> App {
    let mut app = console(columns, rows, theme);
    for batch in batches() {
        app.handle(Event::Logs(batch), at(160.0));
    }
    app
}

/// Types keys: chords in text form, with blanks between them. Searches are answered.
pub fn keys(app: &mut App, chords: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for chord in chords.split_whitespace().map(|text| text.parse::<Chord>().unwrap()) {
        let asked = app.handle(Event::Key(chord), at(160.0));
        effects.extend(answer(app, asked));
    }
    effects
}

/// Answers searches as the runtime does, and gives back the other effects.
pub fn answer(app: &mut App, mut effects: Vec<Effect>) -> Vec<Effect> {
    let mut others = Vec::new();
    while let Some(effect) = effects.pop() {
        let Effect::SearchLogs(request, job) = effect else {
            others.push(effect);
            continue;
        };
        let found = Mutex::new(Vec::new());
        search(&job.work, &job.matcher, 1, &|| false, &|part| found.lock().unwrap().push(part));
        for segments in found.into_inner().unwrap() {
            let reply = Reply::Found { segments, done: false };
            effects.extend(app.handle(Event::Reply(request, reply), at(160.0)));
        }
        let done = Reply::Found { segments: Vec::new(), done: true };
        effects.extend(app.handle(Event::Reply(request, done), at(160.0)));
    }
    others
}

/// What the screen shows, a row a line.
pub fn screen(app: &mut App) -> String {
    app.settle(app.state.now);
    let size = app.state.size;
    let mut buf = Buffer::empty(Rect::new(0, 0, size.columns, size.rows));
    app.draw(&mut buf);
    let mut out = String::new();
    for y in 0..size.rows {
        let mut x = 0;
        let mut row = String::new();
        while x < size.columns {
            let symbol = buf[(x, y)].symbol();
            row.push_str(symbol);
            // The cell behind a wide character belongs to it.
            x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol)).unwrap().max(1);
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

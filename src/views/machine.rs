//! The machine's own figures: gauges first, then what explains them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells::{self, NOTHING};
use crate::domain::metric::Metric;
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::reading::Freshness;
use crate::domain::vitals::Vitals;
use crate::state::State;
use crate::state::heading::wrapped;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Align, Piece, Place, put, put_aligned, put_pieces, width};
use crate::widgets::{gauge, spark};

/// Between two facts.
const BETWEEN: &str = "   ";
/// Columns from which on there is room for all facts.
const ROOMY: u16 = 100;
/// Cells of a gauge's label and number.
const LABEL: u16 = 6;
const NUMBER: u16 = 5;
/// Its course takes this part of the row.
const SPARK: u16 = 6;

/// Draws heading and five rows, in which every figure has its own cells, so that nothing moves with a sample: verdict, processors, memory, swap and pressure, traffic, the system.
pub fn draw(state: &State, server: &ServerLive, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let told = heading(state, server, area, theme, buf);
    let mut rows = area.rows().skip(told);
    let fresh = server.vitals_freshness(state.now);
    let Some(vitals) = server.vitals.value() else {
        let (text, role) = match &server.vitals.failure {
            Some((failure, _)) => (failure.to_string(), Role::Down),
            None => ("not read yet".to_owned(), Role::Unknown),
        };
        let parts = wrapped(&text, area.width, usize::from(area.height).saturating_sub(told));
        for (row, part) in rows.zip(parts) {
            put(buf, line(row), &part, theme.style(role), theme);
        }
        return;
    };
    let limits = &server.setup.thresholds;
    let cpu = vitals.cpu.map(|cpu| cpu.busy);
    let gauges = [
        ("cpu", cpu, limits.cpu, Metric::Cpu),
        ("memory", vitals.memory.used(), limits.memory, Metric::Memory),
    ];
    let details = [cpu_detail(vitals), memory_detail(vitals)];
    for ((label, value, limit, metric), detail) in gauges.into_iter().zip(details) {
        let Some(row) = rows.next() else { return };
        let series = state.recent(server.id(), &metric, usize::from(row.width / SPARK));
        bar(row, &Bar { label, value, limit, series, detail, fresh }, theme, buf);
    }
    let narrow = area.width < ROOMY;
    let between = if narrow { "  " } else { BETWEEN };
    for text in [pressure(vitals, narrow), traffic(vitals), system(server, vitals)] {
        let Some(row) = rows.next() else { return };
        let pieces: Vec<Piece<'_>> = text
            .iter()
            .enumerate()
            .flat_map(|(n, (label, value, over))| {
                let style = theme.style(cells::role(fresh, *over));
                let label = match (n, *label) {
                    (0, "") => String::new(),
                    (0, label) => format!("{label} "),
                    (_, "") => between.to_owned(),
                    (_, label) => format!("{between}{label} "),
                };
                [(label.into(), theme.style(Role::Muted)), (value.as_str().into(), style)]
            })
            .collect();
        put_pieces(buf, line(row), &pieces, theme);
    }
}

/// One gauge with what stands beside it.
struct Bar {
    label: &'static str,
    value: Option<Percent>,
    limit: Percent,
    series: Vec<Option<f32>>,
    detail: String,
    fresh: Freshness,
}

fn line(row: Rect) -> Place {
    Place { x: row.x + 2, y: row.y, width: row.width.saturating_sub(3) }
}

/// Its health and why, and behind that, where there is room, the way to it; gives back how many rows that
/// took.
fn heading(state: &State, server: &ServerLive, area: Rect, theme: &Theme, buf: &mut Buffer) -> usize {
    let heading = &state.server.heading;
    let role = Theme::health(heading.health);
    let told = heading.rows(area.width);
    let mut end = line(area);
    for (n, (row, part)) in area.rows().zip(&told).enumerate() {
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        if n == 0 {
            let sign = theme.glyphs.health(heading.health);
            pieces.push((format!("{sign} {}", heading.word).into(), theme.bold(role)));
            pieces.push(("  ".into(), theme.style(Role::Text)));
        }
        pieces.push((part.as_str().into(), theme.style(Role::Text)));
        let used = put_pieces(buf, line(row), &pieces, theme) + 2;
        end = line(row);
        (end.x, end.width) = (end.x + used, end.width.saturating_sub(used));
    }
    if width(&server.setup.address) <= end.width {
        put_aligned(buf, end, &server.setup.address, theme.style(Role::Muted), Align::Right, theme);
    }
    told.len()
}

fn bar(row: Rect, bar: &Bar, theme: &Theme, buf: &mut Buffer) {
    let place = line(row);
    put(buf, Place { width: LABEL, ..place }, bar.label, theme.style(Role::Muted), theme);
    let over = bar.value.is_some_and(|value| value.0 > bar.limit.0);
    let style = theme.style(match cells::role(bar.fresh, over) {
        Role::Text => Role::Up,
        role => role,
    });
    let cells = (place.width / 5).clamp(10, 40);
    gauge::draw(buf, Place { x: place.x + LABEL + 1, width: cells, ..place }, bar.value, style, theme);
    let number = bar.value.map_or_else(|| NOTHING.to_owned(), |value| value.to_string());
    let x = place.x + LABEL + 1 + cells;
    put_aligned(buf, Place { x, width: NUMBER, ..place }, &number, style, Align::Right, theme);
    let x = x + NUMBER + 2;
    let width = (place.width / SPARK).min(place.width.saturating_sub(x - place.x));
    spark::draw(buf, Place { x, width, ..place }, &bar.series, 100.0, theme.style(Role::Muted), theme);
    let x = x + width + 2;
    let rest = Place { x, width: (place.x + place.width).saturating_sub(x), ..place };
    put(buf, rest, &bar.detail, theme.style(Role::Muted), theme);
}

fn cpu_detail(vitals: &Vitals) -> String {
    let [one, five, fifteen] = vitals.load;
    // They are counted with the second look.
    let cores = if vitals.cores > 0 { format!("{} cores  ", vitals.cores) } else { String::new() };
    format!("{cores}load {one:>5.2} {five:>5.2} {fifteen:>5.2}")
}

fn memory_detail(vitals: &Vitals) -> String {
    let memory = &vitals.memory;
    let used = Bytes(memory.total.0.saturating_sub(memory.available.0));
    let (used, available) = (used.to_string(), memory.available.to_string());
    format!("{used:>5} of {}, {available:>5} available", memory.total)
}

/// Label, value, and whether it calls for attention.
type Facts = Vec<(&'static str, String, bool)>;

/// What the machine waits for. Where it is narrow, what is well and told elsewhere too is left out, so that
/// nothing is cut.
fn pressure(vitals: &Vitals, narrow: bool) -> Facts {
    let swap = vitals.swap.map_or_else(
        || ("swap", "none".to_owned(), false),
        |swap| {
            let share = swap.share().map_or_else(|| NOTHING.to_owned(), |share| share.to_string());
            (
                "swap",
                format!("{share:>4} of {}", swap.total),
                swap.share().is_some_and(|share| share.0 > 50.0),
            )
        },
    );
    let mut facts = vec![swap];
    match vitals.pressure {
        Some(psi) => {
            let of = |share: Percent| (format!("{share:>4}"), share.0 > 10.0);
            for (label, share) in [("stalled: cpu", psi.cpu), ("memory", psi.memory), ("io", psi.io)] {
                let (text, over) = of(share);
                facts.push((label, text, over));
            }
        }
        None => facts.push(("pressure", "not told by this kernel".to_owned(), false)),
    }
    if let Some(cpu) = vitals.cpu {
        facts.push(("steal", format!("{:>4}", cpu.steal), cpu.steal.0 > 10.0));
        if !narrow || vitals.pressure.is_none() {
            facts.push(("iowait", format!("{:>4}", cpu.iowait), false));
        }
    }
    if let Some((open, most)) = vitals.files {
        let of = cells::limit(most).map_or_else(String::new, |most| format!(" of {most}"));
        let over = open > most / 10 * 8;
        if over || !narrow {
            facts.push(("files", format!("{open:>6}{of}"), over));
        }
    }
    facts
}

fn traffic(vitals: &Vitals) -> Facts {
    // Rates are known from the second look on; of nothing that was counted there is no rate, not even 0.
    let sum = |all: &mut dyn Iterator<Item = Bytes>| {
        let all = all.map(|it| it.0).reduce(u64::saturating_add);
        let text = all.map_or_else(|| NOTHING.to_owned(), |sum| format!("{}/s", Bytes(sum)));
        format!("{text:>7}")
    };
    let read = sum(&mut vitals.disk_io.iter().map(|it| it.read));
    let written = sum(&mut vitals.disk_io.iter().map(|it| it.written));
    let received = sum(&mut vitals.networks.iter().map(|it| it.received));
    let sent = sum(&mut vitals.networks.iter().map(|it| it.sent));
    let busiest = vitals.disk_io.iter().map(|it| it.busy.0).reduce(f32::max).map(Percent);
    let busy = busiest.map_or_else(|| NOTHING.to_owned(), |it| it.to_string());
    vec![
        ("disk read", read, false),
        ("write", written, false),
        ("busy", format!("{busy:>4}"), busiest.is_some_and(|it| it.0 > 80.0)),
        ("net in", received, false),
        ("out", sent, false),
    ]
}

fn system(server: &ServerLive, vitals: &Vitals) -> Facts {
    let mut facts = vec![("booted", format!("{} ago", cells::spoken(vitals.uptime)), false)];
    if let Some(offset) = vitals.clock_offset_ms {
        let most = i64::try_from(server.setup.thresholds.clock_offset.as_millis()).unwrap_or(i64::MAX);
        let text =
            if offset.abs() < 1000 { format!("{offset:+}ms") } else { format!("{:+}s", offset / 1000) };
        facts.push(("clock", format!("{text:>6}"), offset.abs() > most));
    }
    if let Some(kills @ 1..) = vitals.oom_kills {
        facts.push(("oom kills", kills.to_string(), true));
    }
    if vitals.reboot_required == Some(true) {
        facts.push(("reboot", "required".to_owned(), true));
    }
    if let Some(it) = server.facts.value() {
        facts.push(("", format!("{} {} {}", it.os, it.kernel, it.arch), false));
    }
    facts
}

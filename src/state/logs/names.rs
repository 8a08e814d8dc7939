//! Short names of the shown sources: without what they all share, cut in the middle where the
//! column is narrow, so that both what they are and which one stay readable.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::log_source::{LogSource, LogStream};

/// The names of sources that are shown together, in their order, each at most `cells` wide. The
/// server is left out where all have the same one, or where there is no room and the rest tells
/// them apart.
pub fn names(sources: &[&LogSource], cells: usize) -> Vec<String> {
    let streams: Vec<String> = sources.iter().map(|source| stream_name(&source.stream).to_owned()).collect();
    let full: Vec<String> =
        sources.iter().map(|source| format!("{}/{}", source.server, stream_name(&source.stream))).collect();
    let one_server = sources.len() > 1 && sources.windows(2).all(|pair| pair[0].server == pair[1].server);
    let fit = full.iter().all(|name| name.width() <= cells);
    let squeezed = |names: Vec<String>| names.iter().map(|name| squeeze(name, cells)).collect::<Vec<_>>();
    if fit && !one_server {
        return full;
    }
    let short = squeezed(streams);
    let distinct = short.iter().collect::<std::collections::BTreeSet<_>>().len() == short.len();
    if distinct { short } else { squeezed(full) }
}

fn stream_name(stream: &LogStream) -> &str {
    let label = stream.label();
    match stream {
        LogStream::Container { .. } => label,
        LogStream::Journal { .. } => label.strip_suffix(".service").unwrap_or(label),
        LogStream::File { .. } => label.rsplit('/').next().unwrap_or(label),
    }
}

/// A name in at most `cells` cells, with `…` in place of its middle.
pub fn squeeze(name: &str, cells: usize) -> String {
    if name.width() <= cells {
        return name.to_owned();
    }
    if cells < 3 {
        return name.graphemes(true).take(cells).filter(|g| g.width() == 1).collect();
    }
    let head = take(name.graphemes(true), (cells - 1) / 2);
    let tail: Vec<&str> = take(name.graphemes(true).rev(), cells - 1 - (cells - 1) / 2);
    head.into_iter().chain(["…"]).chain(tail.into_iter().rev()).collect()
}

fn take<'a>(graphemes: impl Iterator<Item = &'a str>, cells: usize) -> Vec<&'a str> {
    let mut used = 0;
    graphemes
        .take_while(|g| {
            used += g.width();
            used <= cells
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn container(server: &str, name: &str) -> LogSource {
        LogSource { server: server.into(), stream: LogStream::Container { name: name.to_owned() } }
    }

    #[test]
    fn what_all_share_is_left_out() {
        let (a, b) = (container("web-1", "shop-web-1"), container("web-1", "shop-web-2"));
        assert_eq!(names(&[&a, &b], 20), ["shop-web-1", "shop-web-2"]);
        assert_eq!(names(&[&a], 20), ["web-1/shop-web-1"]);
        let other = container("web-2", "worker");
        assert_eq!(names(&[&a, &other], 20), ["web-1/shop-web-1", "web-2/worker"]);
        assert_eq!(names(&[&a, &other], 12), ["shop-web-1", "worker"]);
        let c = container("web-2", "shop-web-1");
        assert_eq!(names(&[&a, &c], 12), ["web-1…-web-1", "web-2…-web-1"]);
    }

    proptest! {
        #[test]
        fn a_squeezed_name_fits(name in "[a-z/漢é-]{0,30}", cells in 0usize..20) {
            prop_assert!(squeeze(&name, cells).width() <= cells);
        }
    }
}

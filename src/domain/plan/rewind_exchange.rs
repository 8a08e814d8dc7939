//! A server's data directory takes the place of another, by its name alone: the server is stopped, the names
//! change, and it is started again.
//!
//! Which of them stands is told by the number that a folder has on its file system, which it keeps under any
//! name. So what a kill left in between is known for what it is, and may be done again or taken back.

use serde::{Deserialize, Serialize};

use super::shell_data::within;
use crate::domain::shell::line;

/// Which data directories change places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What comes.
    pub from: String,
    /// The name of what stands, afterwards.
    pub aside: String,
    /// The name that it is about: where the server has its data.
    pub data: String,
    /// The number, on its file system, of what stands before.
    pub was: u64,
    /// systemd's unit that runs the server.
    pub unit: String,
    /// Whether what came is removed when it is taken back.
    pub removes: bool,
}

impl Exchange {
    /// What a person would type.
    pub(super) fn shell(&self) -> String {
        self.typed(&[(&self.data, &self.aside), (&self.from, &self.data)])
    }

    /// The same for the way back from there.
    pub(super) fn shell_back(&self) -> String {
        let back = self.typed(&[(&self.data, &self.from), (&self.aside, &self.data)]);
        if self.removes { format!("{back}\n{}", as_root(&["rm", "-rf", "--", &self.from])) } else { back }
    }

    fn typed(&self, renamed: &[(&str, &str)]) -> String {
        let renamed = renamed.iter().map(|(from, to)| as_root(&["mv", "-T", from, to]));
        let around = |word: &str| as_root(&["systemctl", word, &self.unit]);
        let all: Vec<String> =
            std::iter::once(around("stop")).chain(renamed).chain([around("start")]).collect();
        all.join(" && \\\n")
    }
}

fn as_root(words: &[&str]) -> String {
    let start = within(None, Some(&"root".to_owned()));
    line(start.iter().map(String::as_str).chain(words.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_typed_as_two_names_that_change() {
        let it = Exchange {
            from: "/data/main_restore_1".to_owned(),
            aside: "/data/main_before_1".to_owned(),
            data: "/data/main".to_owned(),
            was: 7,
            unit: "postgresql@17-main.service".to_owned(),
            removes: true,
        };
        insta::assert_snapshot!(it.shell(), @r"
        sudo -n -u root systemctl stop postgresql@17-main.service && \
        sudo -n -u root mv -T /data/main /data/main_before_1 && \
        sudo -n -u root mv -T /data/main_restore_1 /data/main && \
        sudo -n -u root systemctl start postgresql@17-main.service
        ");
        insta::assert_snapshot!(it.shell_back(), @r"
        sudo -n -u root systemctl stop postgresql@17-main.service && \
        sudo -n -u root mv -T /data/main /data/main_restore_1 && \
        sudo -n -u root mv -T /data/main_before_1 /data/main && \
        sudo -n -u root systemctl start postgresql@17-main.service
        sudo -n -u root rm -rf -- /data/main_restore_1
        ");
    }
}

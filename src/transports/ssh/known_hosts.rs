//! Known-hosts files (`sshd(8)`, "known hosts file format"), read strictly: an unknown key is
//! never taken, a changed one says which line knows better.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::{Algorithm, PublicKey, PublicKeyBase64 as _, parse_public_key_base64};
use sha1::Sha1;

use super::pattern::list_matches;

/// What the files say of a key that a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the server's.
    Known,
    /// They do not know the server.
    Unknown,
    /// They know another key of the server.
    Changed { file: PathBuf, line: usize },
    /// The key must not be used.
    Revoked { file: PathBuf, line: usize },
}

/// The known-hosts files that count for one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownHosts {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    file: PathBuf,
    line: usize,
    mark: Mark,
    hosts: String,
    key: PublicKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Plain,
    Authority,
    Revoked,
}

/// How known-hosts files write an address: the bare host at port 22, else `[host]:port`.
pub fn address(host: &str, port: u16) -> String {
    if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") }
}

impl KnownHosts {
    /// Reads the files; those that are missing know nothing.
    pub(super) fn read<'a>(
        files: impl IntoIterator<Item = &'a PathBuf>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let mut known = Self::default();
        for file in files {
            match std::fs::read(file) {
                Ok(bytes) => known.add(file, &String::from_utf8_lossy(&bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((file.clone(), error)),
            }
        }
        Ok(known)
    }

    /// Lines that cannot be read (a key type of tomorrow) are passed over, as by ssh.
    fn add(&mut self, file: &Path, text: &str) {
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split_ascii_whitespace().peekable();
            let mark = match words.peek() {
                Some(&"@cert-authority") => Mark::Authority,
                Some(&"@revoked") => Mark::Revoked,
                Some(word) if word.starts_with(['@', '#']) => continue,
                _ => Mark::Plain,
            };
            if mark != Mark::Plain {
                words.next();
            }
            let (Some(hosts), Some(_algorithm), Some(key)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if let Ok(key) = parse_public_key_base64(key) {
                let (file, hosts) = (file.to_owned(), hosts.to_owned());
                self.entries.push(Entry { file, line: number + 1, mark, hosts, key });
            }
        }
    }

    /// Judges the key that the server at this address offers. A key of another kind than the known
    /// one counts as changed: who cannot show the known key must not get away with a new kind.
    pub(super) fn judge(&self, host: &str, port: u16, offered: &PublicKey) -> Verdict {
        let same = |entry: &&Entry| entry.key.key_data() == offered.key_data();
        let place = |entry: &Entry| (entry.file.clone(), entry.line);
        if let Some(entry) = self.of(host, port, Mark::Revoked).find(same) {
            let (file, line) = place(entry);
            return Verdict::Revoked { file, line };
        }
        // A key known under the bare name is good on another port too (as in OpenSSH), but says
        // nothing against another key there.
        if self.of(host, port, Mark::Plain).any(|entry| same(&entry))
            || self.of(host, 22, Mark::Plain).any(|entry| same(&entry))
        {
            return Verdict::Known;
        }
        match self.of(host, port, Mark::Plain).next() {
            Some(entry) => {
                let (file, line) = place(entry);
                Verdict::Changed { file, line }
            }
            None => Verdict::Unknown,
        }
    }

    /// The authorities whose certificates are good for this address, without revoked ones.
    pub(super) fn authorities(&self, host: &str, port: u16) -> Vec<&PublicKey> {
        let revoked: Vec<&PublicKey> = self.of(host, port, Mark::Revoked).map(|entry| &entry.key).collect();
        self.of(host, port, Mark::Authority)
            .map(|entry| &entry.key)
            .filter(|key| revoked.iter().all(|bad| bad.key_data() != key.key_data()))
            .collect()
    }

    /// The kinds of key known for this address, so that the server is asked for one of them.
    pub(super) fn algorithms(&self, host: &str, port: u16) -> Vec<Algorithm> {
        let known = self.of(host, port, Mark::Plain).chain(self.of(host, 22, Mark::Plain));
        known.map(|entry| entry.key.algorithm()).collect()
    }

    fn of(&self, host: &str, port: u16, mark: Mark) -> impl Iterator<Item = &Entry> {
        let name = address(&host.to_ascii_lowercase(), port);
        self.entries.iter().filter(move |entry| entry.mark == mark && takes(&entry.hosts, &name))
    }
}

fn takes(hosts: &str, name: &str) -> bool {
    if let Some(hashed) = hosts.strip_prefix("|1|") {
        return hash_takes(hashed, name).unwrap_or(false);
    }
    list_matches(hosts.to_ascii_lowercase().split(','), name)
}

/// `salt|HMAC-SHA1(salt, name)`, both in base64.
fn hash_takes(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let (salt, hash) = (STANDARD.decode(salt).ok()?, STANDARD.decode(hash).ok()?);
    let mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?.chain_update(name.as_bytes());
    Some(mac.verify_slice(&hash).is_ok())
}

/// Adds a key to a file, which it makes with mode 0600 (its directory 0700) where it is missing.
/// One write in append mode, so that two consoles at once do not mix their lines.
pub(super) fn append(file: &Path, host: &str, port: u16, key: &PublicKey) -> io::Result<()> {
    if let Some(dir) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let mut open = std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    let mut last = [b'\n'];
    if open.seek(SeekFrom::End(-1)).is_ok() {
        open.read_exact(&mut last)?;
    }
    let line = format!("{} {} {}\n", address(host, port), key.algorithm(), key.public_key_base64());
    let text = if last == *b"\n" { line } else { format!("\n{line}") };
    open.write_all(text.as_bytes())?;
    open.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";
    /// An ECDSA key, for another kind.
    const E: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMxBTpMIGvo7CnordO7wP0QQRqpBwUjOLl4eMhfucfE1sjTYyK5wmTl1UqoSDS1PtRVTBdl+0+9pquFb46U7fwg=";

    fn key(text: &str) -> PublicKey {
        parse_public_key_base64(text.split(' ').nth(1).unwrap()).unwrap()
    }

    fn judge(text: &str, host: &str, port: u16, offered: &str) -> Verdict {
        let mut known = KnownHosts::default();
        known.add(Path::new("kh"), text);
        known.judge(host, port, &key(offered))
    }

    fn changed(line: usize) -> Verdict {
        Verdict::Changed { file: "kh".into(), line }
    }

    #[test]
    fn plain_names_lists_and_ports() {
        let text = format!("# mine\nweb,10.0.0.7 {A} me@there\n[web]:2222 {B}\n");
        assert_eq!(judge(&text, "web", 22, A), Verdict::Known);
        assert_eq!(judge(&text, "WEB", 22, A), Verdict::Known, "names have no case");
        assert_eq!(judge(&text, "10.0.0.7", 22, A), Verdict::Known);
        assert_eq!(judge(&text, "web", 22, B), changed(2));
        assert_eq!(judge(&text, "web", 2222, B), Verdict::Known);
        assert_eq!(judge(&text, "db", 22, A), Verdict::Unknown);
    }

    #[test]
    fn a_key_known_at_port_22_is_good_elsewhere_and_says_nothing_against_another() {
        let text = format!("web {A}\n");
        assert_eq!(judge(&text, "web", 2222, A), Verdict::Known);
        assert_eq!(judge(&text, "web", 2222, B), Verdict::Unknown);
    }

    #[test]
    fn another_kind_of_key_is_a_changed_key() {
        assert_eq!(judge(&format!("web {A}\n"), "web", 22, E), changed(1));
        assert_eq!(judge(&format!("web {A}\nweb {E}\n"), "web", 22, E), Verdict::Known);
    }

    #[test]
    fn hashed_names() {
        // HMAC-SHA1 of `example.com` under a salt of our own making.
        let salt = b"0123456789abcdefghij";
        let mac = Hmac::<Sha1>::new_from_slice(salt).unwrap().chain_update(b"example.com").finalize();
        let text = format!("|1|{}|{} {A}\n", STANDARD.encode(salt), STANDARD.encode(mac.into_bytes()));
        assert_eq!(judge(&text, "example.com", 22, A), Verdict::Known);
        assert_eq!(judge(&text, "example.com", 22, B), changed(1));
        assert_eq!(judge(&text, "example.org", 22, A), Verdict::Unknown);
        assert_eq!(judge(&format!("|1|broken {A}\n"), "example.com", 22, A), Verdict::Unknown);
    }

    #[test]
    fn patterns_with_exceptions() {
        let text = format!("*.example.com,!bad.example.com {A}\n");
        assert_eq!(judge(&text, "web.example.com", 22, A), Verdict::Known);
        assert_eq!(judge(&text, "bad.example.com", 22, A), Verdict::Unknown);
    }

    #[test]
    fn a_revoked_key_is_refused_though_it_is_known() {
        let text = format!("web {A}\n@revoked * {A}\n");
        assert_eq!(judge(&text, "web", 22, A), Verdict::Revoked { file: "kh".into(), line: 2 });
    }

    #[test]
    fn an_authority_is_no_host_key() {
        let text = format!("@cert-authority *.example.com {A}\n");
        assert_eq!(judge(&text, "web.example.com", 22, A), Verdict::Unknown);
        let mut known = KnownHosts::default();
        known.add(Path::new("kh"), &text);
        assert_eq!(known.authorities("web.example.com", 22).len(), 1);
        assert!(known.authorities("web.example.org", 22).is_empty());
        known.add(Path::new("kh"), &format!("@revoked * {A}\n"));
        assert!(known.authorities("web.example.com", 22).is_empty());
    }

    #[test]
    fn an_appended_key_is_known_and_the_file_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("new/known_hosts");
        append(&file, "web", 2222, &key(A)).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, format!("[web]:2222 {A}\n"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "no newline at the end").unwrap();
        append(&file, "db", 22, &key(B)).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("no newline at the end\ndb {B}\n"));
    }

    proptest::proptest! {
        #[test]
        fn garbage_knows_nobody(text in "(?s).{0,300}") {
            proptest::prop_assert_eq!(judge(&text, "web", 22, A), Verdict::Unknown);
        }
    }
}

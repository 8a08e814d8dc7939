//! Whose certificates a server takes for an account, as far as that can be read there: the authorities in
//! its `authorized_keys` files, and those of sshd's own configuration. What could limit them in a way that
//! cannot be seen from there is a doubt, and with a doubt none of sshd's own counts.

use std::collections::BTreeSet;

use crate::transports::signature::{Certified, fingerprint};

/// What was read of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Authorities {
    /// The account.
    pub(super) user: String,
    /// Those of `authorized_keys`, each with the principals of which one is wanted; the account where there
    /// are none.
    pub(super) in_files: Vec<(String, Vec<String>)>,
    /// Those of `TrustedUserCAKeys`.
    sshds: BTreeSet<String>,
    /// The files that `TrustedUserCAKeys` names.
    files: BTreeSet<String>,
    /// Whether what is read stands for some connections only.
    within_match: bool,
    /// Why it cannot be said whether those count.
    doubts: Vec<String>,
}

impl Authorities {
    /// Takes a line of sshd's configuration; `file` begins another one of its files.
    pub(super) fn configured(&mut self, line: &str) {
        let (name, value) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
        let value = value.trim_matches([' ', '\t', '=', '"']);
        match name.to_ascii_lowercase().as_str() {
            "file" => self.within_match = false,
            "match" => self.within_match = !value.eq_ignore_ascii_case("all"),
            "trustedusercakeys" if value != "none" => {
                if self.within_match {
                    self.doubt("sshd_config has TrustedUserCAKeys for some connections only".to_owned());
                }
                self.files.insert(value.to_owned());
                if self.files.len() > 1 {
                    self.doubt("sshd_config names several files of authorities".to_owned());
                }
            }
            // Who may be whom, or no more, is said in places that this account need not be able to read.
            "authorizedprincipalsfile" | "authorizedprincipalscommand" | "revokedkeys" if value != "none" => {
                self.doubt(format!("sshd_config has {name}, which cannot be judged from there"));
            }
            _ => {}
        }
    }

    /// Takes a key of a file that `TrustedUserCAKeys` names.
    pub(super) fn trusted(&mut self, line: &str) {
        let key = line.trim().parse::<russh::keys::PublicKey>();
        self.sshds.extend(key.ok().map(|key| fingerprint(&key)));
    }

    /// Takes a reason why what sshd itself trusts cannot be judged.
    pub(super) fn doubt(&mut self, why: String) {
        if !self.doubts.contains(&why) {
            self.doubts.push(why);
        }
    }

    /// Whether a certificate lets its holder in as the account; why not, or why that cannot be said.
    pub(super) fn take(&self, it: &Certified) -> Result<(), String> {
        let for_account = |principals: &[String]| match principals {
            [] => it.principals.contains(&self.user),
            some => some.iter().any(|principal| it.principals.contains(principal)),
        };
        if self.in_files.iter().any(|(key, principals)| *key == it.authority && for_account(principals)) {
            return Ok(());
        }
        let known = self.in_files.iter().any(|(key, _)| *key == it.authority);
        if self.sshds.contains(&it.authority) {
            if let Some(doubt) = self.doubts.first() {
                return Err(format!("whether its certificate counts cannot be said: {doubt}"));
            }
            if it.principals.contains(&self.user) {
                return Ok(());
            }
        } else if !known {
            let doubt = self.doubts.first().map(|doubt| format!(" ({doubt})")).unwrap_or_default();
            return Err(format!(
                "it knows no authority {}, which signed the certificate{doubt}",
                it.authority
            ));
        }
        Err(format!("its certificate is not for {}", self.user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(authority: &str, principals: &[&str]) -> Certified {
        Certified {
            key: "SHA256:key".into(),
            name: "ben".into(),
            authority: authority.into(),
            principals: principals.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn an_authority_counts_for_the_account_and_for_those_that_its_line_names() {
        let mut it = Authorities { user: "ops".into(), ..Authorities::default() };
        it.in_files = vec![("a".into(), Vec::new()), ("b".into(), vec!["ben".into()])];
        assert_eq!(it.take(&of("a", &["ops"])), Ok(()));
        assert_eq!(it.take(&of("b", &["ben"])), Ok(()));
        for (authority, principals, why) in
            [("a", "root", "not for ops"), ("b", "ops", "not for ops"), ("c", "ops", "no authority c")]
        {
            assert!(it.take(&of(authority, &[principals])).unwrap_err().contains(why));
        }
        assert!(it.take(&of("a", &[])).is_err(), "one for anybody is for nobody here");
    }

    #[test]
    fn what_cannot_be_judged_does_not_count() {
        let mut it = Authorities { user: "ops".into(), ..Authorities::default() };
        it.sshds.insert("s".into());
        it.configured("TrustedUserCAKeys /etc/ssh/user_ca.pub");
        it.configured("AuthorizedPrincipalsFile none");
        assert_eq!(it.take(&of("s", &["ops"])), Ok(()));
        let mut some = it.clone();
        some.configured("Match User root");
        some.configured("TrustedUserCAKeys /etc/ssh/user_ca.pub");
        assert!(some.take(&of("s", &["ops"])).unwrap_err().contains("some connections"));
        assert!(it.take(&of("s", &["root"])).is_err());
        for line in
            ["RevokedKeys /etc/ssh/revoked", "authorizedprincipalsfile\t/etc/x", "TrustedUserCAKeys /b"]
        {
            let mut it = it.clone();
            it.configured(line);
            assert!(it.take(&of("s", &["ops"])).unwrap_err().contains("cannot be said"), "{line}");
        }
    }
}

//! Where a datastore's own programs run: on its server or in its container, as which user.

use super::RemoteCommand;

/// The place of a command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Within<'a> {
    /// The container; the server itself where there is none.
    pub container: Option<&'a str>,
    /// The system's user.
    pub run_as: Option<&'a str>,
}

impl Within<'_> {
    /// A script of ours with its arguments there, as words.
    pub fn argv(self, script: &'static str, args: &[&str]) -> Vec<String> {
        let mut words: Vec<&str> = match self {
            Self { container: Some(container), run_as } => {
                let user = run_as.map(|user| ["-u", user]);
                ["docker", "exec", "-i"]
                    .into_iter()
                    .chain(user.into_iter().flatten())
                    .chain([container])
                    .collect()
            }
            Self { container: None, run_as: Some(user) } => vec!["sudo", "-n", "-u", user, "--"],
            Self { container: None, run_as: None } => Vec::new(),
        };
        words.extend(["sh", "-c", script, "sh"]);
        words.extend(args);
        words.into_iter().map(str::to_owned).collect()
    }

    /// The same for a server's shell.
    pub fn command(self, script: &'static str, args: &[&str]) -> RemoteCommand {
        let all = self.argv(script, args);
        let mut words = all.iter().map(String::as_str);
        RemoteCommand::new(words.next().unwrap_or("sh")).args(words)
    }
}

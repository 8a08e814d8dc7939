//! A command for a server's shell; its arguments are quoted as they are added.

use crate::domain::shell::quote;

/// A command line, built argument by argument. Cloning it is cheap enough; it holds no secret:
/// secrets go to a command's standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCommand {
    line: String,
    stdin: Option<Vec<u8>>,
}

impl RemoteCommand {
    /// A program by its name or path.
    pub fn new(program: &str) -> Self {
        Self { line: quote(program).into_owned(), stdin: None }
    }

    /// A fixed script of ours, run by the server's `/bin/sh`. Values from elsewhere are given by
    /// [`Self::arg`] and read as `$1`, `$2`, never pasted into the script.
    pub fn script(script: &'static str) -> Self {
        Self { line: format!("sh -c {} sh", quote(script)), stdin: None }
    }

    /// One more argument, quoted.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.line.push(' ');
        self.line.push_str(&quote(arg));
        self
    }

    /// Several more arguments, quoted.
    #[must_use]
    pub fn args<'a>(self, args: impl IntoIterator<Item = &'a str>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Bytes for its standard input, which is closed after them.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The same through `sudo -n`, for servers with `become = "sudo"`.
    #[must_use]
    pub fn sudo(mut self) -> Self {
        self.line.insert_str(0, "sudo -n -- ");
        self
    }

    /// The line as a shell takes it.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// What its standard input gets, once.
    pub fn take_stdin(&mut self) -> Option<Vec<u8>> {
        self.stdin.take()
    }

    /// Its first words, for messages.
    pub fn summary(&self) -> String {
        crate::domain::text::shorten(&crate::domain::text::clean(&self.line), 60).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn a_script_gets_values_as_arguments() {
        let command = RemoteCommand::script("echo \"$1\"").arg("it's");
        assert_eq!(command.line(), r#"sh -c 'echo "$1"' sh 'it'\''s'"#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_real_shell_gives_back_what_was_quoted(word in "[^\\x00]{0,40}") {
            let line = RemoteCommand::new("printf").arg("%s").arg(&word).line().to_owned();
            let out = Command::new("sh").arg("-c").arg(&line).output().map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(String::from_utf8_lossy(&out.stdout), word);
        }
    }
}

//! The shell's part of an app in maintenance: whether its proxy's file says so, and how a text is kept in it
//! and comes out again to the byte.

/// Shell functions: `shut FILE` whether its app is in maintenance; `keep FILE` prints a text as it is kept;
/// `kept FILE` prints what is kept, as it was.
macro_rules! kept {
    () => {
        r##"shut() { case $(head -n 1 "$1" 2>/dev/null) in '#! midwatch maintenance '*) return 0;; esac; return 1; }
keep() { LC_ALL=C awk '{print "#= " $0}' "$1" && { [ -z "$(tail -c 1 "$1")" ] || echo '#=.'; }; }
kept() { if grep -q '^#=\.$' "$1"; then printf %s "$(LC_ALL=C sed -n 's/^#= //p' "$1")"; else LC_ALL=C sed -n 's/^#= //p' "$1"; fi; }
"##
    };
}

pub(super) use kept;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::domain::maintenance::{HEAD, Mark, Notice, taken_apart};
    use crate::domain::time::Timestamp;

    /// Runs a script over a file with these bytes: what it prints.
    fn run(script: &str, file: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, file).unwrap();
        let script = format!("{}{script}", kept!());
        Command::new("sh").args(["-c", &script, "sh"]).arg(path).output().unwrap().stdout
    }

    #[test]
    fn every_text_comes_out_as_it_went_in() {
        let mark = Mark {
            since: Timestamp::from_secs(9),
            by: "ada@laptop".into(),
            run: "r".into(),
            notice: Notice::default(),
        };
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "\n\n a\t\n\n",
            "a\r\nb",
            "#= a\n#=.\n",
            "to 127.0.0.1:1\n\n\nb",
            "\u{e9}\n",
        ] {
            let kept = String::from_utf8(run(r#"keep "$1""#, text.as_bytes())).unwrap();
            let file = format!("{}\n{kept}to x\n", mark.line());
            assert_eq!(run(r#"kept "$1""#, file.as_bytes()), text.as_bytes(), "{text:?} as {file:?}");
            assert_eq!(run(r#"shut "$1" && echo yes"#, file.as_bytes()), b"yes\n");
            let shut = taken_apart(&file).unwrap().unwrap();
            assert_eq!((shut.kept.as_str(), shut.body.as_str()), (text, "to x\n"), "here as there");
        }
        assert_eq!(run(r#"kept "$1""#, b"x\n#= \xff\xfe\n"), b"\xff\xfe\n", "whatever its letters are");
        assert_eq!(run(r#"shut "$1" && echo yes"#, b"upstream a {}\n"), b"");
        assert!(kept!().contains(HEAD));
    }
}

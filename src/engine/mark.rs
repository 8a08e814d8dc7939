//! How a process on a server is told from any other, before and after: its number, when it began, and the
//! boot. The number alone is given away again; a container has the boot of its host, and begins to count
//! its processes anew.

/// A shell function `m PID` that prints the mark; of a process that is not there the middle is missing.
macro_rules! mark {
    () => {
        r#"m() { echo "$1 $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)-$(cat /proc/sys/kernel/random/boot_id)"; }
"#
    };
}

pub(super) use mark;

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn a_process_has_one_mark_and_another_none_of_it() {
        let script = concat!(mark!(), r#"m $$; m $$; m 4194305; sh -c "$1" "#);
        let again = concat!(mark!(), "m $$");
        let out = Command::new("sh").args(["-c", script, "sh", again]).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], lines[1]);
        assert!(lines[2].starts_with("4194305 -"), "{text}");
        assert_ne!(lines[0], lines[3]);
        let began = lines[0].split_once(' ').and_then(|(_, rest)| rest.split_once('-'));
        assert!(began.is_some_and(|(began, _)| began.parse::<u64>().is_ok()), "{text}");
    }
}

//! The shell script that answers for the machine, one report for each line that it is sent.
//!
//! It asks for no more than `/bin/sh`, `grep` and (for disks) `stat` or `df`, as BusyBox has them,
//! and for no root. What it costs the server decides its form: a report is one `grep` over a dozen
//! files of `/proc`, about 1.6 ms of processor time and 2 KiB on the wire; between reports the shell
//! sleeps in `read`, and the end of its input ends it, so a lost console leaves nothing behind.

/// Each line of input is a set of letters: `i` who and what it is, `d` disks and the mark for a
/// reboot, `r` the slow question for a reboot, `t` its clock. Every line is answered by a look at
/// `/proc`, each line of it with its file's name before it, and the end mark.
///
/// Network file systems are left out by their type, and nothing walks the mount table with `stat`,
/// so that a dead NFS server cannot hold it up; `timeout` is for a dying disk.
pub(super) const SCRIPT: &str = r#"exec 2>/dev/null
LC_ALL=C
export LC_ALL
look='^(cpu |(Mem(Total|Free|Available)|Buffers|Cached|Swap(Total|Free)): |oom_kill |some |[0-9.]+ [0-9.]+( |$)|[0-9]+	| +[0-9]+ +[0-9]+ ([^lr]|l[^o]|r[^a])| *([^v ]|v[^e]|ve[^t]|vet[^h])[^: ]*: *[0-9]+ +[0-9]+ )'
disk='^[^ ]+ (/ |[^ ]+ (ext[234]|xfs|btrfs|zfs|f2fs|bcachefs|jfs|reiserfs|nilfs2|ubifs|jffs2|vfat|exfat|ntfs3?|fuseblk|ufs|hfsplus) )'
limit=
command -v timeout >/dev/null && limit='timeout 5'
while read -r want; do
case $want in *i*)
  echo "@user $(id -un)"
  echo "@arch $(uname -m)"
  echo "@cores $(grep -c '^cpu[0-9]' /proc/stat)"
  grep -sH . /proc/sys/kernel/hostname /proc/sys/kernel/osrelease
  grep -sHE '^(PRETTY_)?NAME=' /etc/os-release /usr/lib/os-release
esac
case $want in *d*)
  echo @disks
  grep -E "$disk" /proc/self/mounts | {
    set --
    while read -r device mount type rest; do
      [ $# -lt 64 ] || break
      mount=$(printf %b "$mount")
      [ -d "$mount" ] || continue
      echo "@mount $device $type $mount"
      set -- "$@" "$mount"
    done
    [ $# -gt 0 ] && { $limit stat -f -c '@fs %S %b %f %a %c %d %n' "$@" || $limit df -Pk "$@"; }
  }
  if [ -e /run/reboot-required ]; then echo '@reboot 1'
  elif [ -e /etc/kernel/postinst.d/unattended-upgrades ] || [ -e /etc/kernel/postinst.d/update-notifier ]; then echo '@reboot 0'
  fi
esac
case $want in *r*)
  command -v needs-restarting >/dev/null && { nice $limit needs-restarting -r >/dev/null; echo "@reboot $?"; }
esac
grep -sHE "$look" /proc/stat /proc/meminfo /proc/loadavg /proc/uptime /proc/vmstat /proc/sys/fs/file-nr /proc/pressure/cpu /proc/pressure/memory /proc/pressure/io /proc/diskstats /proc/net/dev
case $want in *t*) date '+@now %s %N' ;; esac
echo @end
done"#;

/// The last line of a report.
pub(super) const END: &[u8] = b"\n@end\n";

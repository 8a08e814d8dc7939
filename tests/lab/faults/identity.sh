# shellcheck shell=bash
#: host-key SERVER new|old     changes its SSH host key for new connections, or puts the right one back
#: clock SERVER OFFSET|real    sets the clock its SSH sessions see off (+10m, -3h), by a preloaded library

# A reload and a restart leave sshd away for a moment: waits until it shows this public key.
await_key() { # server, file
    local want
    want=$(cut -d' ' -f2 "$2")
    for _ in $(seq 100); do
        sleep 0.1
        ! ssh-keyscan -T 1 -t ed25519 -p "$(port_of "$1")" 127.0.0.1 2>/dev/null | grep -qF "$want" || return 0
    done
    die "$1's sshd did not come back"
}

fault_host-key() {
    local key=host_key
    case ${2:-} in new) key=$key.changed ;; old) ;; *) die "host-key $1 new or old?" ;; esac
    if [ "$1" = busy-1 ]; then
        inside "$1" sh -c "dropbearconvert openssh dropbear /lab/state/$key /etc/dropbear/host_key 2>/dev/null
            echo $2 >/etc/dropbear/changed
            kill \$(cat /run/dropbear.pid)" # init starts it again
    else
        inside "$1" sh -c "install -m 600 /lab/state/$key /etc/ssh/ssh_host_ed25519_key && systemctl reload ssh"
    fi
    await_key "$1" "$LAB_DIR/servers/$1/$key.pub"
}

fault_clock() {
    local line=
    [ "$1" != busy-1 ] || die "busy-1 has no preloaded libraries"
    case ${2:-} in
    real) ;;
    [+-]*) line="SetEnv LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 FAKETIME=$2" ;;
    *) die "clock $1 by how much? (+10m, -3h, real)" ;;
    esac
    inside "$1" sh -c 'echo "$1" >/etc/ssh/sshd_config.d/clock.conf && systemctl reload ssh' sh "$line"
    sleep 0.3
    await_key "$1" "$LAB_DIR/servers/$1/host_key.pub"
}

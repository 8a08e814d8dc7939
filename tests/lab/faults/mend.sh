# shellcheck shell=bash
#: reset SERVER                mends whatever is wrong with it (`fault reset`: with all of them)

# Tests that died half-way leave their faults behind. Looks before it touches: runs at every start.
fault_reset() {
    fault_thaw "$1"
    fault_mend "$1"
    fault_free-disk "$1"
    fault_free-images "$1"
    if [ "$1" = busy-1 ]; then
        ! inside "$1" grep -qs new /etc/dropbear/changed || fault_host-key "$1" old
        return
    fi
    ! inside "$1" grep -qs SetEnv /etc/ssh/sshd_config.d/clock.conf || fault_clock "$1" real
    inside "$1" cmp -s /lab/state/host_key /etc/ssh/ssh_host_ed25519_key || fault_host-key "$1" old
    fault_start-engine "$1"
}

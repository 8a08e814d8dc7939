# shellcheck shell=bash
#: reboot SERVER               as by its reset button: everything in it dies at once, and it boots again

# A container has its host's boot id: what tells a process of before from one of now is when it began.
fault_reboot() {
    local container
    container=$(container_of "$1")
    docker kill --signal KILL "$container" >/dev/null
    docker start "$container" >/dev/null
    [ "$1" != busy-1 ] || return 0
    local state
    for _ in $(seq 300); do
        state=$(inside "$1" systemctl is-system-running 2>/dev/null || true)
        case $state in running | degraded) break ;; esac
        sleep 0.2
    done
    inside "$1" timeout 120 "/lab/recipe/$1/settle" >"$LAB_DIR/$1.log" 2>&1 || die "$1 booted, but did not settle: $LAB_DIR/$1.log"
    inside "$1" touch /run/lab-settled
    "$LAB_SRC/setup/small-disk" "$1"
}

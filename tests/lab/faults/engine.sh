# shellcheck shell=bash
#: restart-engine SERVER       restarts its Docker engine and waits for it
#: stop-engine SERVER          stops it, so that its socket refuses
#: start-engine SERVER         starts it again

# systemd starts it three times a minute and no more, unless it is told to forget.
fault_restart-engine() {
    inside "$1" systemctl reset-failed docker.service
    inside "$1" systemctl restart docker.service
}
fault_stop-engine() { inside "$1" systemctl stop docker.socket docker.service; }
fault_start-engine() {
    [ "$1" = busy-1 ] || inside "$1" systemctl is-active --quiet docker.service ||
        inside "$1" systemctl start docker.socket docker.service
}

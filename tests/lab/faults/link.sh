# shellcheck shell=bash
#: cut SERVER                  black-holes it: packets vanish, connections hang, new ones too
#: mend SERVER                 undoes cut and refuse
#: refuse SERVER               new connections are refused, open ones are reset when next used
#: kill-connections SERVER     ends its SSH connections at once; new ones are welcome

published() { docker port "$(container_of "$1")" | sed 's/.*://' | sort -un; }

# The host's end of the server's cable: found without its help, since it may be frozen.
cable() {
    local pid index
    pid=$(docker inspect -f '{{.State.Pid}}' "$(container_of "$1")")
    index=$(nsenter -t "$pid" -n ip -o link show eth0 | sed -n 's/.*eth0@if\([0-9]*\):.*/\1/p')
    ip -o link | sed -n "s/^$index: \([^@:]*\).*/\1/p"
}

fault_cut() {
    local port
    for port in $(published "$1"); do
        iptables -w -I INPUT -i lo -p tcp --dport "$port" -m comment --comment "$LAB_NAME.$1" -j DROP
        iptables -w -I INPUT -i lo -p tcp --sport "$port" -m comment --comment "$LAB_NAME.$1" -j DROP
    done
    bridge link set dev "$(cable "$1")" state 0
}

fault_refuse() {
    local port
    for port in $(published "$1"); do
        iptables -w -I INPUT -i lo -p tcp --dport "$port" -m comment --comment "$LAB_NAME.$1" \
            -j REJECT --reject-with tcp-reset
    done
}

# Rules outlive the server they were made for: this needs none to run.
unblock() {
    iptables -w -S INPUT | grep -F -- "--comment \"$LAB_NAME.$1\"" | while read -r rule; do
        eval "iptables -w ${rule/#-A/-D}"
    done || true
}

fault_mend() {
    unblock "$1"
    bridge link set dev "$(cable "$1")" state 3
}

fault_kill-connections() {
    if [ "$1" = busy-1 ]; then
        # No pkill there; the children are told from the listener by the descriptor they were given.
        inside "$1" sh -c 'ps | grep "[d]ropbear .* -2 " | while read -r pid _; do kill -9 $pid; done'
    else
        inside "$1" pkill -9 -f '^sshd-(session|auth)' || true
    fi
}

# shellcheck shell=bash
# The lab's names, ports and paths, shared by its scripts. Sourced, never run.
set -euo pipefail

LAB_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_REPO=$(cd "$LAB_SRC/../.." && pwd)
# MIDWATCH_LAB names the lab.json of a lab that is up, MIDWATCH_LAB_DIR its directory.
if [ -n "${MIDWATCH_LAB:-}" ] && [ -z "${MIDWATCH_LAB_DIR:-}" ]; then
    LAB_DIR=$(dirname "$MIDWATCH_LAB")
else
    LAB_DIR=${MIDWATCH_LAB_DIR:-$LAB_REPO/target/lab}
fi
mkdir -p "$LAB_DIR"
LAB_DIR=$(cd "$LAB_DIR" && pwd)

# Every published port is this one plus a fixed number, so that a second lab can stand beside the first.
if [ -f "$LAB_DIR/ports" ]; then LAB_PORTS=${MIDWATCH_LAB_PORTS:-$(cat "$LAB_DIR/ports")}; fi
LAB_PORTS=${LAB_PORTS:-${MIDWATCH_LAB_PORTS:-2200}}
LAB_NAME=midwatch-lab
[ "$LAB_PORTS" = 2200 ] || LAB_NAME=midwatch-lab-$LAB_PORTS

LAB_SYSTEMD=(web-1 web-2 db-1)
LAB_SERVERS=("${LAB_SYSTEMD[@]}" busy-1)

# The published port of a server's sshd, or of one of its other services.
port_of() {
    local offset
    case $1 in
    web-1) offset=1 ;; web-2) offset=2 ;; db-1) offset=3 ;; busy-1) offset=4 ;;
    registry) offset=10 ;;
    web-1-http) offset=21 ;; web-2-http) offset=22 ;;
    tls-good) offset=31 ;; tls-expiring) offset=32 ;; tls-self-signed) offset=33 ;; tls-wrong-name) offset=34 ;;
    prometheus) offset=40 ;; node-web-1) offset=41 ;; node-db-1) offset=42 ;;
    postgres) offset=43 ;; redis) offset=44 ;; pgbouncer) offset=45 ;;
    fleet) offset=100 ;;
    *) die "no port is called $1" ;;
    esac
    echo $((LAB_PORTS + offset))
}

container_of() { echo "$LAB_NAME.$1"; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}
say() { printf 'lab: %s\n' "$*"; }

# One line for the content of files and folders: images and servers are remade when it changes.
recipe_hash() {
    local path
    for path; do
        (cd "$(dirname "$path")" && find "$(basename "$path")" -type f -print0) |
            LC_ALL=C sort -z | (cd "$(dirname "$path")" && xargs -0 sha256sum)
    done | sha256sum | cut -c1-12
}

need_server() {
    local name
    for name in "${LAB_SERVERS[@]}"; do [ "$name" != "${1:-}" ] || return 0; done
    die "no such server: '${1:-}' (there are ${LAB_SERVERS[*]})"
}

# Root of a server without SSH, which may be what is being tested.
inside() {
    local name=$1
    shift
    docker exec -i "$(container_of "$name")" "$@"
}

# Removes the images of a repository but for those whose name has this in it, and those in use.
prune_images() {
    docker images --format '{{.Repository}}:{{.Tag}}' "$1" | grep -vF -e "$2" |
        xargs --no-run-if-empty docker rmi >/dev/null 2>&1 || true
}

# shellcheck shell=bash
#: fill-disk SERVER            fills /srv/small, a file system of 32 MB
#: free-disk SERVER            empties it

fault_fill-disk() {
    inside "$1" grep -q ' /srv/small ' /proc/mounts || die "$1 has no small disk"
    inside "$1" dd if=/dev/zero of=/srv/small/ballast bs=64k 2>/dev/null || true # until there is no space left
}
fault_free-disk() { inside "$1" rm -f /srv/small/ballast; }

# shellcheck shell=bash
#: fill-disk SERVER            fills /srv/small, a file system of 32 MB
#: free-disk SERVER            empties it
#: fill-images SERVER          leaves its Docker engine 64 kB for what it pulls
#: free-images SERVER          gives it all of its disk again

fault_fill-disk() {
    inside "$1" grep -q ' /srv/small ' /proc/mounts || die "$1 has no small disk"
    inside "$1" dd if=/dev/zero of=/srv/small/ballast bs=64k 2>/dev/null || true # until there is no space left
}
fault_free-disk() { inside "$1" rm -f /srv/small/ballast; }

# What is pulled is written there before it is unpacked.
fault_fill-images() { inside "$1" mount -t tmpfs -o size=64k tmpfs /var/lib/docker/tmp; }
fault_free-images() {
    ! inside "$1" grep -q ' /var/lib/docker/tmp ' /proc/mounts || inside "$1" umount /var/lib/docker/tmp
}

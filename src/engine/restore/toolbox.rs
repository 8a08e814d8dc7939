//! The server's own programs in a container of an image that is there, without network and with nothing of
//! the server but what is mounted: so volumes are looked at and renamed by whoever may use the engine, and
//! no image of a helper is needed.

/// Shell: `image VOLUME` prints an image that the server has, of a container with that volume where there
/// is one; `tools IMAGE SCRIPT MOUNT MOUNT ARGUMENT…` runs a script of ours, a mount as `--mount` takes it
/// or empty, with what `more` says to the engine. The programs come with the folders that they and their libraries lie in.
macro_rules! toolbox {
    ($($rest:expr),+) => {
        concat!(
            r#"more=
image() { c=$(docker ps -aq --filter "volume=$1" | head -n 1); i=
[ -n "$c" ] && i=$(docker inspect -f '{{.Image}}' "$c"); [ -n "$i" ] || i=$(docker images -q | head -n 1); echo "$i"; }
tools() { i=$1 k=$2 w='--rm --network none --pull never --log-driver none --no-healthcheck --security-opt label=disable --user 0:0 --read-only'
for d in /usr /bin /sbin /lib /lib32 /lib64 /etc/ld.so.cache /etc/alternatives; do [ -e $d ] && w="$w -v $d:$d:ro"; done
for d in "$3" "$4"; do [ -n "$d" ] && w="$w --mount $d"; done
shift 4; docker run $w $more --entrypoint /bin/sh "$i" -c "$k" sh "$@"; }
"#,
            $($rest),+
        )
    };
}
pub(super) use toolbox;

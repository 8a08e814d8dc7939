//! Bringing a volume back: beside, in the place of what stands, undone, rehearsed, and killed in between.

use super::restore::run_of;
use super::store::{Store, killed};

const PLACE: &str = "d=$(docker volume inspect -f '{{.Mountpoint}}' \"$v\") && sudo sh -c";

/// A volume with a container that runs.
pub fn volume(name: &str, more: &str) -> Store {
    let store = Store::of(name, &format!("kind = \"volume\"\nvolume = \"{name}\"\n{more}"));
    clean(&store);
    store.on(&format!(
        "docker volume create --label kept=yes {name} >/dev/null && docker run -d --name {name} -v {name}:/data --health-cmd 'test -e /data/here' \
         --health-interval 1s --stop-timeout 1 registry:5000/shop:1.0 >/dev/null && v={name}; {PLACE} \"cd $d && echo old >file && echo y >here && \
         ln -s ../nowhere link && install -m 4711 -o 33 -g 44 /dev/null own && mkdir -m 750 sub && echo z >'sub/odd  name' && chown 77:88 .\""
    ));
    store
}

pub fn clean(store: &Store) {
    let name = &store.name;
    store.on(&format!(
        "docker ps -aq --filter volume={name} | xargs -r docker rm -f >/dev/null; docker ps -aq --filter name=midwatch-{name} | xargs -r docker rm -f >/dev/null; \
         docker volume ls -q | grep -E '^{name}(_|$)' | xargs -r docker volume rm >/dev/null; true"
    ));
}

/// All of it: names, owners, modes, links, times and content.
pub fn sum(store: &Store, volume: &str) -> String {
    store.on(&format!(
        "v={volume}; {PLACE} \"cd $d && find . -exec stat -c '%N %F %a %u:%g %h %Y' {{}} + -type f -exec sha256sum {{}} \\; | sort | sha256sum\""
    ))
}

fn volumes(store: &Store) -> String {
    store.on(&format!("docker volume ls -q | grep '^{}' | tr '\\n' ' '; true", store.name))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_volume_is_swapped_undone_and_rehearsed_to_the_byte() {
    let store = volume(
        "volback",
        "drill.assertions = [{ query = \"count\", greater = 3 }, { query = \"newest\", younger = \"1d\" }, \
         { query = \"sha256 sub/odd  name\", equals = \"c865f6c5ab8d1b0bcd383a5e1e3879d22681c96bf462c269b7581d523fbe70ab\" }]",
    );
    store.back_up(&[]).ends(0);
    let backed = sum(&store, "volback");
    store.on("docker exec volback sh -c 'echo new >/data/file; echo more >/data/more'");
    let live = sum(&store, "volback");
    assert_ne!(live, backed);

    // Beside, under a name that was asked for; what stands is not touched.
    let told =
        store.run(&["restore", "volback", "--to", "volback_again", "--confirm", "volback"]).ends(0).text();
    assert!(told.contains("1 only live, 1 otherwise there"), "{told}");
    assert_eq!((sum(&store, "volback_again"), sum(&store, "volback")), (backed.clone(), live.clone()));
    store.on("docker volume rm volback_again");

    let told = store.run(&["restore", "volback", "--swap", "--confirm", "volback"]).ends(0).text();
    assert!(
        told.contains("1 container that uses it is stopped for the swap, and started again: volback"),
        "{told}"
    );
    assert!(told.contains("its containers run and are healthy"), "{told}");
    assert_eq!(sum(&store, "volback"), backed);
    assert_eq!(store.on("docker exec volback cat /data/file"), "old");
    assert_eq!(store.on("docker volume inspect -f '{{.Labels.kept}}' volback"), "yes");
    let safe = store.backups()[0]["reason"].as_str().unwrap().to_owned();
    assert!(safe.starts_with("what stood before: restore"), "{safe}");
    let told = store.run(&["undo", &run_of(&told), "--confirm", "volback"]).ends(0).text();
    assert_eq!(sum(&store, "volback"), live, "{told}");
    assert_eq!(store.on("docker exec volback cat /data/more"), "more");

    // Rehearsed: nothing is left, and what stands was not written to. The newest is what stood, and is meant
    // only where it is named.
    let before = volumes(&store);
    let told = store.run(&["drill", "volback", "--yes"]).ends(0).text();
    assert!(told.contains("5 files, 3 assertions hold"), "{told}");
    let newest = store.newest();
    let told = store.run(&["drill", "volback", "--backup", &newest, "--yes"]).ends(0).text();
    assert!(told.contains("6 files, 3 assertions hold"), "{told}");
    store.damage_all();
    let told = store.run(&["restore", "volback", "--swap", "--confirm", "volback"]).text();
    assert!(!told.contains("done after"), "{told}");
    assert_eq!((volumes(&store), sum(&store, "volback")), (before, live));
    clean(&store);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_kills_a_restore_of_a_volume_leaves_it_whole() {
    let store = volume("volkill", "");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, "volkill");
    store.on("docker exec volkill sh -c 'echo new >/data/file'");
    let live = sum(&store, "volkill");
    let oldest = store.oldest();
    // By its id: what a swap makes safe before is the newest.
    let swap = ["restore", "volkill", "--backup", &oldest, "--swap", "--confirm", "volkill"];

    // While it is brought back: what stands is not touched, and it is taken back.
    let run = killed(&store, &swap, "docker volume ls -q | grep -q volkill_restore_");
    assert_eq!(sum(&store, "volkill"), live);
    store.run(&["resume", &run, "undo", "--confirm", "volkill"]).ends(1);
    assert_eq!((volumes(&store), sum(&store, "volkill")), ("volkill".to_owned(), live.clone()));

    // While its container is stopped: the server goes on by itself, and it is finished.
    let run = killed(&store, &swap, "[ \"$(docker inspect -f '{{.State.Running}}' volkill)\" = false ]");
    store.run(&["resume", &run, "finish", "--confirm", "volkill"]).ends(0);
    assert_eq!(sum(&store, "volkill"), backed);
    assert_eq!(store.on("docker exec volkill cat /data/file"), "old");
    let told = store.run(&["undo", &run, "--confirm", "volkill"]).ends(0).text();
    assert_eq!(sum(&store, "volkill"), live, "{told}");

    // A container that is not good with it gets what stood before.
    store.on("docker exec volkill rm /data/here");
    store.back_up(&[]).ends(0);
    store.on("docker exec volkill sh -c 'echo y >/data/here'");
    let live = sum(&store, "volkill");
    let told = store.run(&["restore", "volkill", "--swap", "--confirm", "volkill"]).ends(1).text();
    assert!(told.contains("volkill is unhealthy"), "{told}");
    assert_eq!(sum(&store, "volkill"), live, "{told}");
    assert_eq!(store.on("docker inspect -f '{{.State.Running}}' volkill"), "true");
    clean(&store);
}

/// The engine's folder of volumes on a small file system of its own: whatever else is there is out of sight
/// until it goes.
struct Small<'a>(&'a Store);

impl<'a> Small<'a> {
    const AT: &'static str = "/var/lib/docker/volumes";

    fn under(store: &'a Store, megabytes: u32) -> Self {
        store.on(&format!("sudo mount -t tmpfs -o size={megabytes}m,mode=701 tmpfs {}", Self::AT));
        Self(store)
    }

    /// Leaves so many KiB.
    fn fill(&self, left: u32) {
        self.0.on(&format!(
            "k=$(sudo df -Pk {0} | sed -n 2p | awk '{{print $4}}'); sudo fallocate -l $((k-{left}))K {0}/filler",
            Self::AT
        ));
    }

    fn empty(&self) {
        self.0.on(&format!("sudo rm -f {}/filler", Self::AT));
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let name = &self.0.name;
        let _ = self.0.lab.ssh(
            "db-1",
            &format!(
                "docker ps -aq --filter volume={name} | xargs -r docker rm -f; docker volume ls -q | grep '^{name}' | xargs -r docker volume rm; \
                 sudo umount -l {}",
                Self::AT
            ),
        );
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_that_fills_the_disk_under_a_restore_of_a_volume_leaves_it_whole() {
    let bare = Store::of("volfull", "kind = \"volume\"\nvolume = \"volfull\"");
    let small = Small::under(&bare, 24);
    let store = volume("volfull", "");
    store.on("docker exec volfull sh -c 'head -c 6000000 /dev/urandom >/data/big'");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, "volfull");
    store.on("docker exec volfull sh -c 'echo new >/data/file'");
    let live = sum(&store, "volfull");
    small.fill(2048);

    // It is seen before anything is done, and where somebody goes on all the same, it ends with what stands.
    let swap = ["restore", "volfull", "--swap", "--confirm", "volfull"];
    let told = store.run(&swap).ends(2).text();
    assert!(told.contains("2.0M free where its data is"), "{told}");
    let told = store.run(&[&swap[..], &["--reason", "a try"]].concat()).ends(1).text();
    assert!(
        told.contains("no space is left where the engine keeps") && told.contains("volfull_restore_"),
        "{told}"
    );
    assert_eq!((volumes(&store), sum(&store, "volfull")), ("volfull".to_owned(), live));
    let run = "docker inspect -f '{{.State.Running}}' volfull; docker ps -aq --filter name=midwatch-volfull";
    assert_eq!(store.on(run), "true", "its container never stopped, and no other is left");

    // With room the same goes well, by a plain next run.
    small.empty();
    let oldest = store.oldest();
    store.run(&[&swap[..], &["--backup", &oldest]].concat()).ends(0);
    assert_eq!(sum(&store, "volfull"), backed);
    clean(&store);
}

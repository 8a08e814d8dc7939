//! Bringing files back: beside, in the place of what stands, undone, rehearsed, killed, and with a full disk.

use super::restore::run_of;
use super::store::{Store, killed};

/// Two paths of files of all sorts, with a container that has one of them as a mount of its own.
fn files(name: &str, more: &str) -> Store {
    let store = Store::of(
        name,
        &format!(
            "kind = \"files\"\nrun_as = \"root\"\npaths = [\"/home/ops/{name}/a.b\", \"/home/ops/{name}/[c] &d/\"]\n{more}"
        ),
    );
    clean(&store);
    store.on(&format!(
        "mkdir -p ~/{name}/a.b/sub && cd ~/{name} && mkdir '[c] &d' && echo conf >'[c] &d/conf' && cd a.b && echo old >file && \
         echo x >\"$(printf 'odd\\n\\377 name')\" && echo y >-n && ln -s ../../nowhere link && ln -s \"$PWD/file\" absolute && ln file hard && \
         truncate -s 50M holes && sudo chown 1234:4321 link -h && sudo install -m 4711 -o 33 /dev/null own && chmod 750 sub"
    ));
    store
}

fn clean(store: &Store) {
    store.on(&format!(
        "sudo rm -rf ~/{0} /var/tmp/midwatch-{0}-*; docker rm -f {0} >/dev/null 2>&1; true",
        store.name
    ));
}

/// All of it below a name: names, owners, modes, links, times and content.
fn sum(store: &Store, added: &str) -> String {
    let list = "sudo find . -printf '%P %y %m %U:%G %n %l %T@\\n' -type f -exec sudo sha256sum {} +";
    store.on(&format!(
        "cd ~/{0}/a.b{added} && {{ {list}; cd ~/{0}/'[c] &d{added}' && {list}; }} | sort | sha256sum",
        store.name
    ))
}

fn beside(store: &Store) -> String {
    store.on(&format!(
        "ls ~/{0} | grep -E 'restore|before|id'; ls /var/tmp | grep midwatch-{0}-; true",
        store.name
    ))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn files_are_swapped_undone_and_rehearsed_to_the_byte() {
    let store = files(
        "filback",
        "drill.assertions = [{ query = \"count\", greater = 7 }, \
         { query = \"sha256 /home/ops/filback/a.b/file\", equals = \"c6b18fda8fba9b7ef61cb94af7d4aa4ffae9afd6e26a8c76b4b7aafa2d5d4b1f\" }]",
    );
    let hash = store.on("sha256sum <~/filback/a.b/file | cut -d' ' -f1");
    store.amended("c6b18fda8fba9b7ef61cb94af7d4aa4ffae9afd6e26a8c76b4b7aafa2d5d4b1f", &hash);
    store.on("docker run -d --name filback --stop-timeout 1 -v \"$HOME/filback/[c] &d:/conf\" registry:5000/shop:1.0 >/dev/null");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, "");
    store.on("cd ~/filback/a.b && echo new >>file && rm -- -n && echo more >'../[c] &d/more'");
    let live = sum(&store, "");

    let told = store.run(&["restore", "filback", "--confirm", "filback"]).ends(0).text();
    assert!(told.contains("1 only in the backup, 1 only live, 2 otherwise there"), "{told}");
    let name = store.on("cd ~/filback; for f in a.b.restore-*; do echo \"${f#a.b}\"; done");
    assert_eq!((sum(&store, &name), sum(&store, "")), (backed.clone(), live.clone()));
    let holes = store.on(&format!("du -k ~/filback/a.b{name}/holes | cut -f1"));
    assert!(holes.parse::<u32>().unwrap() < 1000, "{holes} KiB of a hole");
    store.on(&format!("sudo rm -rf ~/filback/*{name}"));

    let told = store.run(&["restore", "filback", "--swap", "--confirm", "filback"]).ends(0).text();
    assert!(told.contains("stopped for the swap, and started again: filback"), "{told}");
    assert_eq!(sum(&store, ""), backed);
    assert_eq!(store.on("docker exec filback ls /conf"), "conf", "it goes on with what stood before");
    let told = store.run(&["undo", &run_of(&told), "--confirm", "filback"]).ends(0).text();
    assert_eq!(sum(&store, ""), live, "{told}");
    assert_eq!(store.on("docker exec filback ls /conf"), "conf\nmore");

    let here = store.path("here").display().to_string() + "/";
    let oldest = store.oldest();
    store.run(&["restore", "filback", "--backup", &oldest, "--to", &here]).ends(0);
    assert_eq!(std::fs::read(format!("{here}home/ops/filback/a.b/file")).unwrap(), b"old\n");

    let before = beside(&store);
    let told = store.run(&["drill", "filback", "--backup", &oldest, "--yes"]).ends(0).text();
    assert!(told.contains("2 assertions hold"), "{told}");
    store.damage_all();
    let told = store.run(&["restore", "filback", "--swap", "--confirm", "filback"]).text();
    assert!(!told.contains("done after"), "{told}");
    assert_eq!((beside(&store), sum(&store, "")), (before, live));
    clean(&store);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_fault_in_a_restore_of_files_leaves_them_whole() {
    let store = files("filkill", "");
    store.on("head -c 4M /dev/urandom >~/filkill/a.b/big");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, "");
    store.on("rm ~/filkill/a.b/big; echo new >~/filkill/a.b/file");
    let live = sum(&store, "");
    let oldest = store.oldest();
    let swap = ["restore", "filkill", "--backup", &oldest, "--swap", "--confirm", "filkill"];

    let run = killed(&store, &swap, "ls -d ~/filkill/a.b.restore-* 2>/dev/null");
    assert_eq!(sum(&store, ""), live);
    store.run(&["resume", &run, "undo", "--confirm", "filkill"]).ends(1);
    assert_eq!((beside(&store), sum(&store, "")), (String::new(), live.clone()));

    let run = killed(&store, &swap, "ls -d ~/filkill/a.b.restore-* 2>/dev/null");
    store.run(&["resume", &run, "finish", "--confirm", "filkill"]).ends(0);
    assert_eq!(sum(&store, ""), backed);

    let told = store.run(&["undo", &run, "--confirm", "filkill"]).ends(0).text();
    assert_eq!(sum(&store, ""), live, "{told}");

    // No room: what stands is as it was, and nothing is left of it.
    store.on("sudo rm -rf /srv/small/filfull*; sudo mkdir /srv/small/filfull; head -c 3M /dev/urandom | sudo tee /srv/small/filfull/big >/dev/null; \
         k=$(df -Pk /srv/small | sed -n 2p | awk '{print $4}'); sudo fallocate -l $((k-2048))K /srv/small/filfull-filler");
    let full = Store::of("filfull", "kind = \"files\"\nrun_as = \"root\"\npaths = [\"/srv/small/filfull\"]");
    full.back_up(&[]).ends(0);
    let list = "cd /srv/small && sudo find filfull* -type f -exec sha256sum {} +";
    let before = full.on(list);
    let told = full.run(&["restore", "filfull", "--swap", "--confirm", "filfull"]).ends(2).text();
    assert!(told.contains("free where its data is"), "{told}");
    let told = full
        .run(&["restore", "filfull", "--swap", "--confirm", "filfull", "--reason", "a try"])
        .ends(1)
        .text();
    assert!(told.contains("No space left"), "{told}");
    assert_eq!(full.on(list), before);
    full.on("sudo rm -rf /srv/small/filfull*");
    clean(&store);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_run_of_files_is_taken_up_where_an_app_has_their_name() {
    let store = files("twosame", "");
    store.says("[apps.twosame]\nservers = [\"web-1\"]\ncompose = \"/home/ops/twosame/compose.yaml\"\nservices = [\"web\"]");
    store.on("head -c 4M /dev/urandom >~/twosame/a.b/big");
    store.back_up(&[]).ends(0);
    let backed = sum(&store, "");
    store.on("echo new >~/twosame/a.b/file");
    let live = sum(&store, "");
    let swap = ["restore", "twosame", "--swap", "--confirm", "twosame"];
    let once = "ls -d ~/twosame/a.b.restore-* 2>/dev/null";

    let run = killed(&store, &swap, once);
    // It is looked for where the datastore is, and not on the app's server, which knows nothing of it.
    let told = store.run(&["runs"]).ends(1).text();
    assert!(told.contains(&run) && told.contains("NO END"), "{told}");
    let told = store.run(&["resume", &run]).ends(1).text();
    assert!(told.contains("db-1: in between") && !told.contains("web-1"), "{told}");
    store.run(&["resume", &run, "undo", "--confirm", "twosame"]).ends(1);
    assert_eq!((beside(&store), sum(&store, "")), (String::new(), live));

    let run = killed(&store, &swap, once);
    store.run(&["resume", &run, "finish", "--confirm", "twosame"]).ends(0);
    assert_eq!(sum(&store, ""), backed);
    clean(&store);
}

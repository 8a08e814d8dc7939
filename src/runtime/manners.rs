//! Which of our threads give way: those that collect wait behind the one that answers keys and draws,
//! where there are fewer cores than work.

/// How far the threads that collect stand back, as `nice` counts it: enough that the one that draws gets
/// three times their share of a core, and not so much that they come to nothing beside other programs.
#[cfg(target_os = "linux")]
const MODEST: i32 = 5;

/// Lets the calling thread give way, with all that it starts. On Linux a priority is a thread's own;
/// elsewhere it is the whole program's, and nothing is done there.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, MODEST) {
        tracing::debug!(%error, "a thread does not give way");
    }
}

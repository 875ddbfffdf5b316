//! Whether a worker died for lack of memory, as far as that can be told.

use cf_core::WorkerExit;

const SIGKILL: i32 = 9;
const SIGABRT: i32 = 6;
/// What Rust says before it aborts because an allocation failed.
const ALLOCATION_FAILED: &str = "memory allocation of ";

/// How many processes the system has killed for lack of memory since it started.
pub(crate) fn n_kills() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/vmstat").ok()?;
    let line = counters
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?;
    line.trim().parse().ok()
}

/// Killed while the system killed somebody for lack of memory, or aborted over an allocation.
pub(crate) fn is_likely(exit: WorkerExit, n_kills_before: Option<u64>, last_words: &str) -> bool {
    match exit {
        WorkerExit::Signal(SIGKILL) => match (n_kills_before, n_kills()) {
            (Some(before), Some(now)) => now > before,
            _ => false,
        },
        WorkerExit::Signal(SIGABRT) => last_words.contains(ALLOCATION_FAILED),
        _ => false,
    }
}

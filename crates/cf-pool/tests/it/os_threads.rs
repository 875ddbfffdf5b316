//! What the kernel says about this process's threads.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::gate::LONG;

/// The threads whose names begin with `prefix`; names are cut to 15 bytes by the kernel.
fn named(prefix: &str) -> Vec<PathBuf> {
    assert!(prefix.len() < 13, "the kernel would cut the name");
    let is_named = |path: &PathBuf| {
        fs::read_to_string(path.join("comm")).is_ok_and(|name| name.starts_with(prefix))
    };
    fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(is_named)
        .collect()
}

pub(crate) fn n_named(prefix: &str) -> usize {
    named(prefix).len()
}

/// Waits until the kernel has taken the last of them away, which is a little after it was joined.
pub(crate) fn assert_all_gone(prefix: &str) {
    until(|| n_named(prefix) == 0, "threads are left");
}

/// Looks again and again for what the kernel or another thread's bookkeeping brings about on its own.
pub(crate) fn until(is_so: impl Fn() -> bool, complaint: &str) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "{complaint}");
        // time: nothing tells us, so we look every now and then
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How often the threads went to sleep of their own accord, in all.
pub(crate) fn n_voluntary_switches(prefix: &str) -> u64 {
    let of_one = |path: PathBuf| {
        let status = fs::read_to_string(path.join("status")).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    named(prefix).into_iter().map(of_one).sum()
}

/// The processor time the threads have used, in clock ticks of 10 ms.
pub(crate) fn n_ticks(prefix: &str) -> u64 {
    let of_one = |path: PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = after_name.split(' ').collect();
        let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
        field(11).unwrap_or(0) + field(12).unwrap_or(0)
    };
    named(prefix).into_iter().map(of_one).sum()
}

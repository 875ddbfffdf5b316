//! Linux: affinity, processor time, the end of processes, and the readings of `/proc`.

use std::{collections::BTreeMap, fs, io, path::PathBuf, time::Duration};

use rustix::{
    process::{Pid, Signal, kill_process, set_parent_process_death_signal},
    thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity},
    time::{ClockId, clock_gettime},
};

use super::Activity;

/// Confines the calling thread, and every thread and process it will start, to the first core that it may use.
pub(crate) fn pin_to_first_core() -> io::Result<()> {
    let core = cores()?.next();
    pin_to(core)
}

/// The same with the last one, which is the first only where there is no other.
pub(crate) fn pin_to_last_core() -> io::Result<()> {
    let core = cores()?.last();
    pin_to(core)
}

fn cores() -> io::Result<impl Iterator<Item = usize>> {
    let allowed = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(move |&core| allowed.is_set(core)))
}

fn pin_to(core: Option<usize>) -> io::Result<()> {
    let mut pinned = CpuSet::new();
    pinned.set(core.ok_or(io::ErrorKind::NotFound)?);
    Ok(sched_setaffinity(None, &pinned)?)
}

/// User and system time that all threads of this process have used, to the nanosecond (getrusage's sum, unrounded).
pub(crate) fn cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(used.tv_nsec).unwrap_or(0))
}

/// Memory of this process that is resident now.
pub(crate) fn resident_bytes() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib = field(&status, "VmRSS:").ok_or(io::ErrorKind::InvalidData)?;
    Ok(kib * 1024)
}

/// Voluntary context switches of each thread except the calling one, by thread id.
pub(crate) fn context_switches_of_others() -> io::Result<BTreeMap<u64, u64>> {
    let own = u64::try_from(gettid().as_raw_nonzero().get()).unwrap_or(0);
    let mut switches = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task")? {
        let path = thread?.path().join("status");
        // A thread may end between the two reads, and then it has nothing left to say.
        let Ok(status) = fs::read_to_string(path) else {
            continue;
        };
        let (Some(id), Some(n)) = (
            field(&status, "Pid:"),
            field(&status, "voluntary_ctxt_switches:"),
        ) else {
            continue;
        };
        if id != own {
            switches.insert(id, n);
        }
    }
    Ok(switches)
}

/// What each thread of this process, but for the calling one, and of its child processes has done, by thread id.
pub(crate) fn activity() -> io::Result<BTreeMap<u64, Activity>> {
    let own = u64::try_from(gettid().as_raw_nonzero().get()).unwrap_or(0);
    let mut activity = BTreeMap::new();
    for path in threads_of_all()? {
        // As above: it may end between two reads.
        let (Ok(status), Ok(statistics)) = (
            fs::read_to_string(path.join("status")),
            fs::read_to_string(path.join("schedstat")),
        ) else {
            continue;
        };
        let cpu_nanos = statistics.split_whitespace().next();
        let (Some(id), Some(n_sleeps), Some(cpu_nanos)) = (
            field(&status, "Pid:"),
            field(&status, "voluntary_ctxt_switches:"),
            cpu_nanos.and_then(|nanos| nanos.parse().ok()),
        ) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        if id != own {
            activity.insert(
                id,
                Activity {
                    n_sleeps,
                    cpu_nanos,
                },
            );
        }
    }
    Ok(activity)
}

/// The folders of all threads of this process and of its child processes.
fn threads_of_all() -> io::Result<Vec<PathBuf>> {
    let folders = |pid: &str| -> io::Result<Vec<PathBuf>> {
        let threads = fs::read_dir(format!("/proc/{pid}/task"))?;
        threads.map(|thread| Ok(thread?.path())).collect()
    };
    let mut all = folders("self")?;
    let children: Vec<_> = all
        .iter()
        .filter_map(|thread| fs::read_to_string(thread.join("children")).ok())
        .collect();
    for pid in children.iter().flat_map(|pids| pids.split_whitespace()) {
        // As above.
        all.extend(folders(pid).unwrap_or_default());
    }
    Ok(all)
}

/// How many processes wanted a core, on average over the last minute.
pub(crate) fn load() -> io::Result<f64> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let of_one_minute = load.split_whitespace().next();
    of_one_minute
        .and_then(|load| load.parse().ok())
        .ok_or(io::ErrorKind::InvalidData.into())
}

/// Sends SIGKILL.
pub(crate) fn kill(pid: u32) -> io::Result<()> {
    let pid = Pid::from_raw(pid.cast_signed()).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, Signal::KILL)?)
}

/// Has the system end this process when its parent ends.
pub(crate) fn end_with_parent() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use super::activity;

    #[test]
    fn activity_is_that_of_other_threads() {
        let sum = || {
            let all = activity().unwrap();
            let n_sleeps: u64 = all.values().map(|it| it.n_sleeps).sum();
            let cpu_nanos: u64 = all.values().map(|it| it.cpu_nanos).sum();
            (n_sleeps, cpu_nanos)
        };
        thread::scope(|scope| {
            let (ask, asked) = mpsc::channel::<()>();
            let (answer, answered) = mpsc::channel();
            scope.spawn(move || {
                for () in asked {
                    let started = Instant::now();
                    while started.elapsed() < Duration::from_millis(5) {}
                    answer.send(()).unwrap();
                }
            });
            let (sleeps_before, nanos_before) = sum();
            for _ in 0..10 {
                ask.send(()).unwrap();
                answered.recv().unwrap();
            }
            let (sleeps_after, nanos_after) = sum();
            drop(ask);
            assert!(sleeps_after > sleeps_before);
            assert!(nanos_after - nanos_before > 1_000_000);
        });
    }
}

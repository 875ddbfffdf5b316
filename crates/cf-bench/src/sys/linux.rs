//! Linux: affinity, processor time, and the readings of `/proc/self`.

use std::{collections::BTreeMap, fs, io, time::Duration};

use rustix::{
    thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity},
    time::{ClockId, clock_gettime},
};

/// Confines the calling thread, and every thread it will start, to the last core that it may use.
pub(crate) fn pin_to_one_core() -> io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let core = (0..CpuSet::MAX_CPU)
        .rev()
        .find(|&core| allowed.is_set(core));
    let mut one = CpuSet::new();
    one.set(core.ok_or(io::ErrorKind::NotFound)?);
    Ok(sched_setaffinity(None, &one)?)
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

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

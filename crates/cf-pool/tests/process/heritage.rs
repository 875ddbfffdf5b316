//! What a worker inherits and what it does not: descriptors, Ctrl-C, the environment.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Read,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
    process::Command,
};

use cf_pool::{ProcessPoolExecutor, task};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    child::{finish, in_child, is_child, spawn},
    door::{Door, knock, visit},
    gate::ends,
    value::pid,
};

/// The descriptors that are open, and what they are.
#[task]
fn descriptors() -> BTreeMap<i32, String> {
    let numbers: Vec<i32> = fs::read_dir("/dev/fd")
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    let told = numbers.into_iter().filter_map(|number| {
        let target = fs::read_link(format!("/dev/fd/{number}")).ok()?;
        Some((number, target.display().to_string()))
    });
    told.collect()
}

/// Opens this executable so that whatever is started inherits it.
fn leak() -> OwnedFd {
    let file = fs::File::open(env::current_exe().unwrap()).unwrap();
    rustix::io::dup(&file).unwrap()
}

// Links in /dev/fd are Linux.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_inherits_no_descriptor() {
    in_child("heritage::a_worker_inherits_no_descriptor", || {
        ends(|| {
            let leaked = leak();
            let exists = format!("test -e /dev/fd/{}", leaked.as_raw_fd());
            let other = Command::new("sh").args(["-c", &exists]).status().unwrap();
            assert!(other.success(), "it was not inheritable");
            let pool = ProcessPoolExecutor::new(3).unwrap();
            let door = Door::new();
            let calls = [0, 1].map(|n| pool.submit(visit::task(door.address(), n)));
            let guests = door.guests(2);
            let own = env::current_exe().unwrap().display().to_string();
            let mut seen = pool.submit(descriptors::task()).result().unwrap();
            assert!(seen.values().all(|target| *target != own), "{seen:?}");
            assert_eq!(seen.remove(&0).unwrap(), "/dev/null");
            for number in [1, 2] {
                assert!(seen.remove(&number).unwrap().starts_with("pipe:"));
            }
            // The control channel, read by two threads, and the bell, and nothing of the other workers.
            let memory = seen.extract_if(.., |_, target| target.starts_with("/memfd:"));
            assert!(memory.count() <= 1);
            assert!(
                seen.values().all(|target| target.starts_with("socket:")),
                "{seen:?}"
            );
            assert!(seen.len() <= 3, "{seen:?}");
            drop(guests);
            for call in calls {
                call.result().unwrap();
            }
            drop(leaked);
        });
    });
}

#[task]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

#[task]
fn directory() -> String {
    env::current_dir().unwrap().display().to_string()
}

#[test]
fn a_worker_has_the_parents_environment_and_directory() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let path = pool.submit(variable::task("PATH")).result().unwrap();
        assert_eq!(path, env::var("PATH").ok());
        // What told it that it is a worker is gone, so that what it starts is none.
        let told = pool.submit(variable::task("CF_POOL_WORKER")).result();
        assert_eq!(told.unwrap(), None);
        let there = pool.submit(directory::task()).result().unwrap();
        assert_eq!(Path::new(&there), env::current_dir().unwrap());
    });
}

// What the terminal does at Ctrl-C: SIGINT to all of the process group.
#[test]
fn ctrl_c_is_for_the_parent_to_decide() {
    const NAME: &str = "heritage::ctrl_c_is_for_the_parent_to_decide";
    const ADDRESS: &str = "CF_POOL_DOOR";
    if is_child() {
        return ends(|| {
            let address = env::var(ADDRESS).unwrap();
            let (mut interrupted, signals) = UnixStream::pair().unwrap();
            signal_hook::low_level::pipe::register(signal_hook::consts::SIGINT, signals).unwrap();
            let pool = ProcessPoolExecutor::new(2).unwrap();
            let idle = pool.submit(pid::task()).result().unwrap();
            let busy = pool.submit(visit::task(&address, 7));
            interrupted.read_exact(&mut [0]).unwrap();
            // All are there still, and the running call goes on.
            knock(&address, 99);
            assert_eq!(busy.result().unwrap(), 7);
            assert_eq!(pool.submit(pid::task()).result().unwrap(), idle);
            assert_eq!(pool.stats().restarts, 0);
        });
    }
    let door = Door::new();
    let child = spawn(NAME, |command| {
        command.env(ADDRESS, door.address());
    });
    let worker = door.guest();
    let group = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process_group(group, Signal::INT).unwrap();
    let parent = door.guest();
    assert_eq!((parent.name, parent.pid), (99, child.id()));
    drop(parent);
    drop(worker);
    finish(child, "");
}

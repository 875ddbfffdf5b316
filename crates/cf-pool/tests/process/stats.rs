//! What `stats` tells.

use std::time::Duration;

use cf_pool::{ProcessPoolExecutor, task};

use crate::{
    door::{Door, visit},
    gate::ends,
    value::double,
    way::{Way, die},
};

#[task]
fn refuse() -> Result<(), String> {
    Err("no".to_owned())
}

#[test]
fn every_call_is_counted_once() {
    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let door = Door::new();
        for n in 0..10 {
            pool.submit(double::task(n)).result().unwrap();
        }
        let halves = pool.map(double::task, 0..10).chunk_size(4);
        assert_eq!(halves.count(), 10);
        pool.submit(refuse::task()).result().unwrap_err();
        pool.submit(die::task(Way::Exit)).result().unwrap_err();
        // time: the limit must run out
        let limit = Duration::from_millis(20);
        let slow = pool.submit(visit::task(door.address(), 0).timeout(limit));
        slow.result().unwrap_err();
        door.guest().wait_for_its_end();
        let running = pool.submit(visit::task(door.address(), 0));
        let guest = door.guest();
        let queued = [1, 2, 3].map(|n| pool.submit(double::task(n)));
        assert!(queued[1].cancel());
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running, stats.idle), (2, 1, 0));
        assert_eq!((stats.completed, stats.failed, stats.cancelled), (20, 3, 1));
        assert_eq!((stats.restarts, stats.workers.len()), (2, 1));
        assert_eq!(stats.workers[0].pid, guest.pid);
        drop(guest);
        running.result().unwrap();
        drop(queued);
        pool.shutdown();
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running, stats.idle), (0, 0, 0));
        assert_eq!((stats.completed, stats.failed, stats.cancelled), (23, 3, 1));
        assert_eq!(stats.workers.len(), 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_a_worker_is_told() {
    #[task]
    fn grow(n_bytes: usize, address: &str) -> usize {
        let memory = vec![7_u8; n_bytes];
        crate::door::knock(address, 0);
        memory.len()
    }

    ends(|| {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let door = Door::new();
        pool.submit(double::task(1)).result().unwrap();
        let before = pool.stats().workers[0].rss.unwrap();
        assert!(before > 0);
        let call = pool.submit(grow::task(64 << 20, door.address()));
        let guest = door.guest();
        assert!(pool.stats().workers[0].rss.unwrap() >= before + (60 << 20));
        drop(guest);
        call.result().unwrap();
    });
}

#[test]
fn times_are_told() {
    #[task]
    fn take(time: Duration) {
        // time: it is measured
        std::thread::sleep(time);
    }

    ends(|| {
        let time = Duration::from_millis(30);
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let calls = [(); 3].map(|()| pool.submit(take::task(time)));
        for call in calls {
            call.result().unwrap();
        }
        let stats = pool.stats();
        assert_eq!((stats.run_time.count(), stats.queue_wait.count()), (3, 3));
        assert!(stats.run_time.max() >= time);
        // The last waited for two others.
        assert!(stats.queue_wait.max() >= time * 2);
    });
}

//! Tasks that write where they should not: into the memory that their worker shares with the parent.

use std::{process, thread, time::Duration};

use cf_core::{Error, Future};
use cf_pool::{
    __process::frame::{Draft, Header, Kind},
    ProcessPoolExecutor, task,
};
use rustix::{
    process::Signal,
    time::{ClockId, clock_gettime},
};

use crate::{
    child::in_child,
    door::{Door, Guest, visit},
    gate::{LONG, ends},
    value::{double, pid},
    way::{Way, died, signal, stop},
    words::{Memory, Ring, Word},
};

/// Long enough that nothing else ends before it.
const SHORT: Duration = Duration::from_millis(300);
/// More than a ring holds.
const LARGE_BYTES: usize = 16 << 20;
/// The beginning of an answer, but not even all of its header.
const HALF: &[u8] = b"cf1\x03\x01";

fn pool() -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(1).unwrap()
}

/// A call that waits at the door, and its worker, which does nothing any more.
fn stopped(
    pool: &ProcessPoolExecutor,
    door: &Door,
    limit: Option<Duration>,
) -> (Future<u32>, Guest, Memory) {
    let call = visit::task(door.address(), 0);
    let call = pool.submit(match limit {
        Some(limit) => call.timeout(limit),
        None => call,
    });
    let guest = door.guest();
    stop(guest.pid);
    let memory = Memory::of(guest.pid);
    (call, guest, memory)
}

/// The keeper looks around when a thread that waited goes to sleep.
fn wake_keeper<T: 'static>(call: &mut Future<T>) {
    // time: the keeper looks around in it
    assert!(call.result_timeout(Duration::from_millis(50)).is_err());
}

fn assert_goes_on(pool: &ProcessPoolExecutor) {
    for n in 0..20 {
        assert_eq!(pool.submit(double::task(n)).result().unwrap(), n * 2);
    }
}

#[test]
fn half_an_answer_hides_no_time_limit() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let (call, guest, memory) = stopped(&pool, &door, Some(SHORT));
        memory.append(Ring::Results, HALF);
        let error = call.result().unwrap_err();
        assert!(matches!(error, Error::TimedOut(_)), "{error:?}");
        guest.wait_for_its_end();
        assert_goes_on(&pool);
    });
}

#[test]
fn half_an_answer_hides_no_request_to_stop() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        let pool = builder.cancel_grace(SHORT).build().unwrap();
        let door = Door::new();
        let (call, guest, memory) = stopped(&pool, &door, None);
        memory.append(Ring::Results, HALF);
        assert!(call.request_cancel());
        let error = call.result().unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error:?}");
        guest.wait_for_its_end();
        assert_goes_on(&pool);
    });
}

#[test]
fn half_an_answer_hides_no_death() {
    ends(|| {
        let pool = pool();
        let door = Door::new();
        let (mut call, guest, memory) = stopped(&pool, &door, None);
        memory.append(Ring::Results, HALF);
        wake_keeper(&mut call);
        signal(guest.pid, Signal::KILL);
        assert_eq!(died(call.result()).pid(), guest.pid);
        assert_goes_on(&pool);
    });
}

#[test]
fn half_an_answer_keeps_nobody_busy() {
    in_child("hostile::half_an_answer_keeps_nobody_busy", || {
        ends(|| {
            let pool = pool();
            let door = Door::new();
            let (mut call, guest, memory) = stopped(&pool, &door, None);
            memory.append(Ring::Results, HALF);
            wake_keeper(&mut call);
            let used = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap();
            let before = used();
            // time: what the parent does meanwhile is measured
            thread::sleep(Duration::from_secs(1));
            let busy = used() - before;
            assert!(busy < Duration::from_millis(250), "{busy:?}");
            pool.kill_workers();
            assert_eq!(died(call.result()).pid(), guest.pid);
        });
    });
}

#[test]
fn answers_that_it_calls_taken_hide_no_end() {
    ends(|| {
        for freed in [5, u64::MAX, 1 << 40] {
            let builder = ProcessPoolExecutor::builder().max_workers(1);
            let pool = builder.cancel_grace(SHORT).build().unwrap();
            for how in ["limit", "request", "death"] {
                let door = Door::new();
                let limit = (how == "limit").then_some(SHORT);
                let (mut call, guest, memory) = stopped(&pool, &door, limit);
                memory.set(Ring::Results, Word::Freed, freed);
                if how == "request" {
                    call.request_cancel();
                } else if how == "death" {
                    let _ = call.result_timeout(SHORT);
                    signal(guest.pid, Signal::KILL);
                }
                call.result().unwrap_err();
                guest.wait_for_its_end();
                assert_goes_on(&pool);
            }
        }
    });
}

#[task]
fn length(bytes: &[u8]) -> usize {
    bytes.len()
}

#[test]
fn a_worker_that_claims_to_have_read_what_was_not_sent_is_replaced() {
    ends(|| {
        for wrong in [1, 1000, 1 << 40, u64::MAX / 2, u64::MAX] {
            let pool = pool();
            let worker = pool.submit(pid::task()).result().unwrap();
            let memory = Memory::of(worker);
            let tail = memory.get(Ring::Requests, Word::Tail);
            let freed = tail.saturating_add(wrong);
            memory.set(Ring::Requests, Word::Freed, freed);
            // The large one needs all the room there is, so somebody looks.
            for n_bytes in [LARGE_BYTES, 1] {
                let call = pool.submit(length::task(&vec![7; n_bytes]));
                assert_eq!(call.result().unwrap(), n_bytes, "{wrong}");
            }
            assert_goes_on(&pool);
            assert_ne!(pool.submit(pid::task()).result().unwrap(), worker);
        }
    });
}

#[test]
fn a_worker_that_claims_so_in_the_middle_of_an_argument_is_killed() {
    ends(|| {
        let builder = ProcessPoolExecutor::builder().max_workers(1);
        // It has all the time that it wants, so it is not killed for that.
        let pool = builder.cancel_grace(LONG).build().unwrap();
        let worker = pool.submit(pid::task()).result().unwrap();
        let memory = Memory::of(worker);
        stop(worker);
        let call = pool.submit(length::task(&vec![7; LARGE_BYTES]));
        while memory.get(Ring::Requests, Word::Tail) < crate::words::RING_BYTES {
            thread::yield_now();
        }
        // It has begun to read, and cannot have read so much.
        memory.set(Ring::Requests, Word::Head, LARGE_BYTES as u64 * 2);
        memory.set(Ring::Requests, Word::Freed, 1 << 40);
        // The keeper, which waits for room, looks.
        assert!(call.request_cancel());
        assert_eq!(died(call.result()).pid(), worker);
        assert_goes_on(&pool);
        assert_ne!(pool.submit(pid::task()).result().unwrap(), worker);
    });
}

/// The number of the frame that begins at this position of the requests.
fn frame(memory: &Memory, start: u64) -> u64 {
    let header = memory.read(Ring::Requests, start);
    Header::from_bytes(&header).unwrap().id
}

/// The answer to the call of this frame, with this encoded value.
fn answer(frame: u64, value: &[u8]) -> Vec<u8> {
    let mut draft = Draft::new(Vec::new());
    let added: Result<(), ()> = draft.add(1, |bytes| {
        bytes.extend_from_slice(value);
        Ok(Vec::new())
    });
    added.unwrap();
    draft.finish(Kind::Value, frame);
    draft.parts().collect::<Vec<_>>().concat()
}

#[test]
fn an_answer_to_a_call_that_has_not_begun_counts_for_nothing() {
    ends(|| {
        let pool = pool();
        let worker = pool.submit(pid::task()).result().unwrap();
        let memory = Memory::of(worker);
        stop(worker);
        let start = memory.get(Ring::Requests, Word::Tail);
        let call = pool.submit(double::task(4));
        memory.append(Ring::Results, &answer(frame(&memory, start), &[99]));
        match call.result() {
            Ok(doubled) => assert_eq!(doubled, 8),
            outcome => assert_eq!(died(outcome).pid(), worker),
        }
        assert_ne!(pool.submit(pid::task()).result().unwrap(), worker);
        assert_goes_on(&pool);
    });
}

#[test]
fn a_call_whose_answer_was_begun_is_never_run_with_half_of_its_arguments() {
    const N_BYTES: usize = 200_000;
    ends(|| {
        let pool = pool();
        let worker = pool.submit(pid::task()).result().unwrap();
        let memory = Memory::of(worker);
        stop(worker);
        let start = memory.get(Ring::Requests, Word::Tail);
        let mut call = pool.submit(length::task(&vec![7; N_BYTES]));
        let header = Header {
            kind: Kind::Value,
            n_messages: 1,
            id: frame(&memory, start),
            n_bytes: N_BYTES as u64,
        };
        memory.append(Ring::Results, &header.to_bytes());
        // Until the parent has read it and waits for the rest.
        while memory.n_taken(Ring::Results) > 0 {
            let _ = call.result_timeout(Duration::from_millis(1));
        }
        signal(worker, Signal::KILL);
        match call.result() {
            Ok(n_bytes) => assert_eq!(n_bytes, N_BYTES),
            outcome => assert_eq!(died(outcome).pid(), worker),
        }
        assert_goes_on(&pool);
    });
}

#[task]
fn forget(end: Option<Way>) {
    let memory = Memory::of(process::id());
    for ring in [Ring::Requests, Ring::Results] {
        for word in [Word::Tail, Word::Head, Word::Freed] {
            memory.set(ring, word, 0);
        }
    }
    end.into_iter().for_each(Way::go);
}

#[task]
fn unclaim(end: Option<Way>) {
    Memory::of(process::id()).set(Ring::Requests, Word::Head, 0);
    end.into_iter().for_each(Way::go);
}

#[test]
fn a_call_that_overwrites_what_was_begun_is_not_run_for_ever() {
    ends(|| {
        let pool = pool();
        for end in [None, Some(Way::Abort)] {
            for call in [forget::task(end), unclaim::task(end)] {
                let outcome = pool.submit(call).result();
                assert!(end.is_none() || outcome.is_err());
                assert_goes_on(&pool);
            }
        }
        assert!(pool.stats().restarts < 20);
    });
}

/// Every word of the first page that both sides write.
#[test]
fn whatever_a_task_overwrites_a_call_with_a_limit_ends() {
    const N_WORDS: u64 = 14;
    ends(|| {
        let cases = (0..N_WORDS).map(|word| {
            thread::spawn(move || {
                for value in [0, 1, 1 << 40, u64::MAX] {
                    for is_busy in [true, false] {
                        let pool = pool();
                        let door = Door::new();
                        let worker = pool.submit(pid::task()).result().unwrap();
                        let memory = Memory::of(worker);
                        if is_busy {
                            let call = visit::task(door.address(), 0).timeout(SHORT);
                            let call = pool.submit(call);
                            let guest = door.guest();
                            memory.overwrite(word, value);
                            drop(guest);
                            let _ = call.result();
                        } else {
                            memory.overwrite(word, value);
                        }
                        for n in 0..5 {
                            let call = pool.submit(double::task(n).timeout(SHORT));
                            if let Ok(doubled) = call.result() {
                                assert_eq!(doubled, n * 2, "word {word} = {value}");
                            }
                        }
                        pool.kill_workers();
                        pool.shutdown();
                    }
                }
            })
        });
        for case in cases.collect::<Vec<_>>() {
            case.join().unwrap();
        }
    });
}

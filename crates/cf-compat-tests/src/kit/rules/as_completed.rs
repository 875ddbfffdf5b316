//! Rules of `as_completed`.

use std::{collections::BTreeSet, time::Duration};

use cf_core::{Future, as_completed, as_completed_timeout};

use crate::kit::{
    Door, Subject,
    bench::{Bench, Broken, Verdict, ensure},
    rules::kinds::Kinds,
    tasks::{add, fall, visit},
};

// time: it must run out, and is waited for in full
const SHORT: Duration = Duration::from_millis(5);

pub(super) fn each_comes_once_when_it_has_ended<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let failed = bench.submit(fall::task("here"));
    failed.wait();
    let calls = (100..150).map(|n| bench.submit(add::task(n, 0)));
    let calls: Vec<_> = calls.collect();
    let there = [
        &kinds.cancelled,
        &kinds.notified,
        &kinds.failed,
        &kinds.succeeded,
        &failed,
    ];
    bench.step("waiting for 50 calls as they end");
    let mut values = BTreeSet::new();
    let (mut n_failed, mut n_cancelled) = (0, 0);
    for future in as_completed(there.into_iter().chain(&calls)) {
        ensure!(future.done(), "as_completed gave {future:?}");
        n_cancelled += u8::from(future.cancelled());
        match future.peek(|outcome| outcome.ok().copied()).flatten() {
            Some(value) => ensure!(values.insert(value), "{value} came twice"),
            None => n_failed += 1,
        }
    }
    ensure!(
        (values.len(), n_failed, n_cancelled) == (51, 4, 2),
        "of 51 values and 4 failures, two of them cancels, came {}, {n_failed} and {n_cancelled}",
        values.len()
    );
    Ok(())
}

pub(super) fn they_come_in_the_order_of_their_ends<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    let futures = [0, 1].map(|name| bench.submit(visit::task(door.address(), name)));
    let mut guests = vec![bench.guest(&door)?, bench.guest(&door)?];
    guests.sort_by_key(|guest| guest.name);
    let mut in_order = as_completed(futures);
    for expected in [1, 0] {
        drop(guests.pop());
        bench.step("waiting for the call that has ended");
        let next = in_order.next();
        let next = next.ok_or_else(|| Broken("as_completed ended early".to_owned()))?;
        let name = bench.value(next, "a call")?;
        ensure!(name == expected, "call {name} came before it had ended");
    }
    ensure!(in_order.next().is_none(), "of two calls, three came");
    Ok(())
}

pub(super) fn it_times_out_with_a_count<E: Subject>(bench: &Bench<E>) -> Verdict {
    let kinds = Kinds::new();
    let ended = bench.submit(add::task(3, 4));
    ended.wait();
    let door = Door::new();
    let slow = bench.submit(visit::task(door.address(), 1));
    let guest = bench.guest(&door)?;
    for time in [Duration::ZERO, SHORT] {
        let there = [&kinds.notified, &kinds.failed, &kinds.succeeded, &ended];
        let all = there.into_iter().chain([&slow]);
        let mut in_order = as_completed_timeout(all, time);
        let mut came: Vec<&Future<u64>> = Vec::new();
        let timed_out = loop {
            match in_order.next() {
                Some(Ok(next)) => came.push(next),
                Some(Err(timed_out)) => break timed_out,
                None => return Err(Broken("the time did not run out".to_owned())),
            }
        };
        ensure!(
            came.len() == there.len() && there.iter().all(|it| came.contains(it)),
            "of one cancelled, one failed, two successful and one that runs came {came:?}"
        );
        let text = timed_out.to_string();
        ensure!(text == "1 (of 5) futures unfinished", "it said {text:?}");
        ensure!(in_order.next().is_none(), "it went on after that");
    }
    ensure!(slow.running(), "the running call was changed to {slow:?}");
    drop(guest);
    bench.value(slow, "a call for which the time ran out")?;
    Ok(())
}

pub(super) fn a_future_given_twice_comes_once<E: Subject>(bench: &Bench<E>) -> Verdict {
    let future = bench.submit(add::task(3, 4));
    let n_times = as_completed([&future, &future, &future]).count();
    ensure!(
        n_times == 1,
        "a future given three times came {n_times} times"
    );
    Ok(())
}

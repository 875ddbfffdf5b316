//! Rules of `cancel`: before the start always, afterwards never.

use std::{
    sync::{Barrier, mpsc},
    thread,
};

use cf_core::{Error, Future, ReturnWhen, as_completed, wait};

use crate::kit::{
    Door, Subject,
    bench::{Bench, Broken, Crowd, Verdict, ensure},
    tasks::{LastWords, add, take, visit, visit_until_asked_to_stop},
};

/// A cancel may come before who waits has begun to: in several rounds, it hardly always does.
const N_ROUNDS: u64 = 20;

/// A call behind a crowd, which has not been started.
fn queued<E: Subject>(bench: &Bench<E>, door: &Door) -> Verdict<(Crowd, Future<u64>)> {
    let crowd = bench.occupy()?;
    let future = bench.queue(visit::task(door.address(), 1));
    ensure!(
        !future.running() && !future.done(),
        "although all workers were busy, a call behind them was {future:?}"
    );
    Ok((crowd, future))
}

pub(super) fn a_queued_call_can_be_cancelled_and_never_runs<E: Subject>(
    bench: &mut Bench<E>,
) -> Verdict {
    let door = Door::new();
    door.open();
    let (crowd, future) = queued(bench, &door)?;
    ensure!(
        future.cancel(),
        "cancel refused a call that had not started"
    );
    let is_cancelled = future.cancelled() && future.done() && !future.running();
    ensure!(is_cancelled, "a cancelled call looks like {future:?}");
    ensure!(future.cancel(), "a second cancel was refused");
    let behind = bench.queue(add::task(3, 4));
    crowd.disperse()?;
    bench.value(behind, "the call behind a cancelled one")?;
    match future.result() {
        Err(Error::Cancelled) => {}
        other => return Err(Broken(format!("a cancelled call gave {other:?}"))),
    }
    bench.end();
    ensure!(door.names().is_empty(), "the cancelled call ran");
    Ok(())
}

pub(super) fn a_running_call_cannot_be_cancelled<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    let future = bench.submit(visit::task(door.address(), 7));
    let guest = bench.guest(&door)?;
    ensure!(!future.cancel(), "cancel took a call that was running");
    ensure!(
        future.running(),
        "a refused cancel changed it to {future:?}"
    );
    drop(guest);
    let value = bench.value(future, "a call that could not be cancelled")?;
    ensure!(value == 7, "7 came as {value}");
    Ok(())
}

pub(super) fn an_ended_call_cannot_be_cancelled<E: Subject>(bench: &Bench<E>) -> Verdict {
    let future = bench.submit(add::task(3, 4));
    future.wait();
    ensure!(!future.cancel(), "cancel took a call that had ended");
    ensure!(
        !future.request_cancel(),
        "a request to stop reached a call that had ended"
    );
    let value = bench.value(future, "an ended call")?;
    ensure!(value == 7, "7 came as {value}");
    Ok(())
}

pub(super) fn the_states_follow_each_other<E: Subject>(bench: &Bench<E>) -> Verdict {
    let door = Door::new();
    let (mut crowd, future) = queued(bench, &door)?;
    // Not all of it may end before the call runs: an executor may take that one first.
    crowd.open();
    let guest = bench.guest(&door)?;
    let is_running = future.running() && !future.done() && !future.cancelled();
    ensure!(is_running, "a running call looks like {future:?}");
    drop(guest);
    future.wait();
    let is_done = !future.running() && future.done() && !future.cancelled();
    ensure!(is_done, "an ended call looks like {future:?}");
    crowd.disperse()
}

pub(super) fn a_cancelled_call_lets_go_of_its_arguments<E: Subject>(
    bench: &mut Bench<E>,
) -> Verdict {
    let door = Door::new();
    door.open();
    let crowd = bench.occupy()?;
    let future = bench.queue(take::task(LastWords::at(door.address(), 7)));
    ensure!(
        future.cancel(),
        "cancel refused a call that had not started"
    );
    crowd.disperse()?;
    bench.end();
    bench.wait_for_names(&door, 1, "dropped arguments of a cancelled call")?;
    let names = door.names();
    ensure!(
        names == [7],
        "the argument of a cancelled call was dropped {} times",
        names.len()
    );
    Ok(())
}

pub(super) fn a_cancel_ends_every_wait<E: Subject>(bench: &Bench<E>) -> Verdict {
    let mut crowd = bench.occupy()?;
    for _ in 0..N_ROUNDS {
        let future = bench.queue(add::task(3, 4));
        let (tell, told) = mpsc::channel();
        future.add_done_callback(move |done| tell.send(done.cancelled()).unwrap_or(()));
        let are_ready = Barrier::new(4);
        let ways: [(&str, &(dyn Fn() -> bool + Sync)); 3] = [
            ("wait", &|| {
                wait([&future], ReturnWhen::AllCompleted).done.len() == 1
            }),
            ("as_completed", &|| as_completed([&future]).count() == 1),
            ("exception", &|| {
                matches!(future.exception(), Some(Error::Cancelled))
            }),
        ];
        let (is_cancelled, ended) = thread::scope(|s| {
            let are_ready = &are_ready;
            let waiting = ways.map(|(way, wait)| {
                let thread = s.spawn(move || {
                    are_ready.wait();
                    wait()
                });
                (way, thread)
            });
            are_ready.wait();
            let is_cancelled = future.cancel();
            if !is_cancelled {
                crowd.open();
            }
            bench.step("waiting for who waits for a cancelled call");
            (
                is_cancelled,
                waiting.map(|(way, thread)| (way, thread.join())),
            )
        });
        ensure!(is_cancelled, "cancel refused a call that had not started");
        for (way, is_right) in ended {
            ensure!(
                is_right.is_ok_and(|it| it),
                "of a call that was cancelled meanwhile, {way} gave something else"
            );
        }
        let outcome = future.result();
        ensure!(
            matches!(outcome, Err(Error::Cancelled)),
            "a cancelled call came to {outcome:?}"
        );
        ensure!(
            told.recv() == Ok(true),
            "its callback was not told of the cancel"
        );
    }
    crowd.disperse()
}

pub(super) fn a_call_that_is_asked_to_stop_ends_at_its_checkpoint<E: Subject>(
    bench: &Bench<E>,
) -> Verdict {
    let door = Door::new();
    let future = bench.submit(visit_until_asked_to_stop::task(door.address()));
    let guest = bench.guest(&door)?;
    ensure!(
        future.request_cancel(),
        "a request to stop a running call was refused"
    );
    drop(guest);
    future.wait();
    ensure!(
        future.cancelled(),
        "a call that was asked to stop ended as {future:?}"
    );
    Ok(())
}

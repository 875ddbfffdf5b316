//! Rules of calls that use the executor that runs them.

use std::sync::{Arc, mpsc};

use cf_core::{Error, Executor, Future};
use cf_task::Call;

use crate::kit::{
    Subject,
    bench::{Bench, Broken, Crowd, QUIET, Verdict, ensure},
    errand::Errand,
    tasks::add,
};

/// A call that submits another, does something with its future, and then gives it away.
fn submitting<E: Subject>(
    bench: &Bench<E>,
    look: impl Fn(&Future<u64>) -> Result<u64, Error> + Send + Sync + 'static,
) -> (Errand, mpsc::Receiver<Future<u64>>) {
    let (give, given) = mpsc::channel();
    // Whoever still holds the executor when all is done would be the one to end it.
    let executor = Arc::downgrade(bench.executor());
    let errand = Errand::new(move || {
        let inner = executor
            .upgrade()
            .map(|it| Executor::<Call<u64>>::submit(&*it, add::task(4, 4)))
            .ok_or_else(|| Error::from_box("the executor is gone".into()))?;
        let looked = look(&inner);
        let _ = give.send(inner);
        looked
    });
    (errand, given)
}

fn check_inner<E: Subject>(bench: &Bench<E>, given: &mpsc::Receiver<Future<u64>>) -> Verdict {
    let inner = given.try_recv();
    let inner = inner.map_err(|_| Broken("the outer call submitted nothing".to_owned()))?;
    bench.step("waiting for the call that a call submitted");
    let value = bench.value(inner, "a call that a call submitted")?;
    ensure!(value == 8, "4 + 4, submitted by a call, gave {value}");
    Ok(())
}

pub(super) fn a_call_may_submit<E: Subject>(bench: &Bench<E>) -> Verdict {
    let (errand, given) = submitting(bench, |_| Ok(7));
    let outer = bench.submit(errand.call());
    bench.step("waiting for a call that submits another");
    let value = bench.value(outer, "a call that submits another")?;
    ensure!(
        value == 7,
        "7, given by a call that submits another, came as {value}"
    );
    check_inner(bench, &given)
}

pub(super) fn a_call_may_wait_for_another<E: Subject>(bench: &Bench<E>) -> Verdict {
    let n_workers = bench.traits.workers.unwrap_or(1);
    // The only free worker is the one that waits. Whether the inner call runs meanwhile is the executor's business.
    let (errand, given) = submitting(bench, |inner| Ok(u64::from(inner.wait_timeout(QUIET))));
    let crowd = bench.crowd(n_workers - 1, "waiting until all workers but one are busy")?;
    let outer = bench.queue(errand.call());
    bench.step("waiting for a call that gives up waiting for another");
    bench.value(outer, "a call that waits for another, but not long")?;
    check_inner(bench, &given)?;
    crowd.disperse()?;
    if n_workers == 1 && !bench.traits.runs_inline {
        return Ok(());
    }
    let (errand, given) = submitting(bench, |inner| {
        inner.wait();
        Ok(7)
    });
    let crowd = match bench.traits.runs_inline {
        true => None,
        false => Some(bench.crowd(n_workers - 2, "waiting until all workers but two are busy")?),
    };
    let outer = bench.queue(errand.call());
    bench.step("waiting for a call that waits for another, although a worker is free");
    bench.value(outer, "a call that waits for another")?;
    check_inner(bench, &given)?;
    crowd.map_or(Ok(()), Crowd::disperse)
}

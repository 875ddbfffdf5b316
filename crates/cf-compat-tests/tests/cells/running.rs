//! A cell that compiles: run alone, for a limited time, and listened to.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use cf_compat_tests::matrix::{Cell, Ours};
use libtest_mimic::Trial;

use crate::warnings;

/// When a cell counts as hanging. Most take milliseconds; a process pool on a busy machine takes seconds.
const LIMIT: Duration = Duration::from_secs(60);

type Run = Arc<dyn Fn() -> String + Send + Sync>;

/// Gives what came out, and in brackets what was warned of meanwhile.
pub(crate) fn observe(cell: &Cell) -> Result<String, String> {
    match &cell.ours {
        Ours::Runs { run, .. } => alone(LIMIT, Arc::clone(run)),
        Ours::DoesNotCompile { .. } => Err("it does not compile".to_owned()),
    }
}

/// What would go unnoticed if these failed.
pub(crate) fn checks() -> Vec<Trial> {
    let finds = |name: &str, limit: Duration, run: fn() -> String, expected: Result<&str, &str>| {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        Trial::test(format!("harness::{name}"), move || {
            let observed = alone(limit, Arc::new(run));
            if observed == expected {
                Ok(())
            } else {
                Err(format!("{observed:?}").into())
            }
        })
    };
    let warns = || {
        tracing::warn!(target: "cells", "careful");
        "ok".to_owned()
    };
    vec![
        finds(
            "a_warning_is_heard",
            LIMIT,
            warns,
            Ok("ok [warns: cells message=careful]"),
        ),
        finds(
            "a_panic_is_seen",
            LIMIT,
            || std::panic::resume_unwind(Box::new(())),
            Err("it panicked"),
        ),
        finds(
            "a_hang_is_left_behind",
            Duration::from_millis(10),
            || loop {
                thread::park();
            },
            Err("it hangs"),
        ),
    ]
}

fn alone(limit: Duration, run: Run) -> Result<String, String> {
    // What is warned of belongs to this cell.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    drop(warnings::take());
    let observed = within(limit, run)?;
    let heard = warnings::take();
    if heard.is_empty() {
        Ok(observed)
    } else {
        Ok(format!("{observed} [warns: {}]", heard.join("; ")))
    }
}

/// A thread that hangs is left behind.
fn within(limit: Duration, run: Run) -> Result<String, String> {
    let (tell, told) = mpsc::channel();
    drop(thread::spawn(move || {
        let observed = catch_unwind(AssertUnwindSafe(|| run()));
        drop(tell.send(observed.map_err(|_| "it panicked".to_owned())));
    }));
    told.recv_timeout(limit)
        .unwrap_or_else(|_| Err("it hangs".to_owned()))
}

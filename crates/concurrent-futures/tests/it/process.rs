//! Worker processes for who depends on nothing but the facade.

use concurrent_futures::{RegisteredTask, RemoteError, prelude::*, registry};

// `crate` says what is found by itself where the facade is the only dependency.
#[task(crate = concurrent_futures)]
fn divide(a: u32, b: u32) -> Result<u32, String> {
    match b {
        0 => Err("division by zero".to_owned()),
        u32::MAX => std::process::abort(),
        b => Ok(a / b),
    }
}

#[test]
fn a_call_gives_its_value_its_error_or_its_death() {
    let pool = ProcessPoolExecutor::new(1).unwrap();
    let submit = |a, b| pool.submit(divide::task(a, b)).result();
    assert_eq!(submit(42, 6).unwrap(), 7);
    let error = submit(42, 0).unwrap_err();
    let remote: &RemoteError = error.downcast_ref().unwrap();
    assert_eq!(remote.to_string(), "division by zero");
    assert!(matches!(submit(42, u32::MAX), Err(Error::WorkerDied(_))));
}

#[test]
fn a_registered_task_is_no_queued_one() {
    let task: &RegisteredTask = divide::TASK;
    assert!(registry::find_by_name(task.name(), task.signature()).is_ok());
}

#[cfg(feature = "aio")]
#[test]
fn a_pool_is_asked_and_closed_in_a_loop() {
    let quotient = run(async {
        let pool = ProcessPoolExecutor::new(1).unwrap();
        let quotient = run_in_executor(&pool, divide::task(42, 6));
        pool.close().await;
        quotient.await
    });
    assert_eq!(quotient.unwrap().unwrap(), 7);
}

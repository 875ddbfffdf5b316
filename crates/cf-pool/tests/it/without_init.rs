//! A program that makes a process pool without having called `cf_pool::init()`: this one.

use cf_pool::ProcessPoolExecutor;

// P38: the call that is missing is an error that says so, before any process is started.
#[test]
fn a_process_pool_without_init_is_an_error_of_build() {
    for made in [
        ProcessPoolExecutor::new(1),
        ProcessPoolExecutor::builder().build(),
    ] {
        let error = made.unwrap_err().to_string();
        assert!(error.contains("`cf_pool::init()`"), "{error}");
        assert!(error.contains("first line of `main`"), "{error}");
        assert!(error.contains("cf_pool::worker_test!()"), "{error}");
    }
}

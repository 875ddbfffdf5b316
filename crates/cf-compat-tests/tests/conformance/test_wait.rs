//! `test_wait.py`: `wait` over the futures of every executor.

rules! {
    // CPython: test_wait.py WaitTests.test_20369
    // W02, W03
    fn a_future_given_twice_is_waited_for_once: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_first_completed
    // F32, W05, W09
    // Differs: a cancelled future is done at once, also when no worker has seen it yet.
    fn wait_for_the_first_ends_with_one: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_first_completed_some_already_completed
    // W05
    fn wait_for_the_first_takes_what_is_there: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_first_exception
    // W06
    fn wait_for_an_exception_ends_with_one: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_first_exception_some_already_complete
    // F32, W07, W08
    // Differs: a cancelled future is done at once, also when no worker has seen it yet.
    fn wait_for_an_exception_passes_over_other_ends: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_first_exception_one_already_failed
    // W08
    fn wait_for_an_exception_takes_one_that_is_there: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_all_completed
    // W01, W04
    fn wait_for_all_ends_with_the_last: threads, processes, rayon, inline, bounded;
    // CPython: test_wait.py WaitTests.test_timeout
    // W01, W10, W11
    fn a_timed_wait_gives_two_sets: threads, processes, rayon, bounded;
    // CPython: test_wait.py ThreadPoolWaitTests.test_pending_calls_race
    // W15
    fn calls_that_end_at_once_are_all_counted: threads, processes, rayon, inline, bounded;
}

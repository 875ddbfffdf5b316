//! A model of the words in which a worker says when it began a call: they are written while the keeper reads them.

use std::sync::Arc;

use loom::thread;

use crate::{model, positions::Progress};

#[test]
fn begin_races_the_clock_of_a_time_limit() {
    model(3, || {
        let progress = Arc::new(Progress::new());
        progress.begin(1, 0, 5);
        let running = Arc::clone(&progress);
        let worker = thread::spawn(move || running.begin(1, 1, 9));
        // The time of the call before it would have it killed too soon.
        let started = progress.started(1, 1);
        assert!(matches!(started, None | Some(9)), "{started:?}");
        worker.join().unwrap();
        assert_eq!(progress.started(1, 1), Some(9));
    });
}

//! `Map` over an executor that runs one kind of task only, as a process pool does.

use std::{sync::Mutex, time::Duration};

use cf_core::{
    Callable, Chunker, Error, Executor, Future, InlineExecutor, Map, Promise, Reason, Rejected,
};

/// Doubles what is below ten.
struct Double;

struct Doubles(Vec<u32>);

impl Chunker<u32> for Double {
    type Output = u32;
    type Chunk = Doubles;

    fn chunk(&self, items: Vec<u32>) -> Doubles {
        Doubles(items)
    }
}

impl Callable for Doubles {
    type Output = Vec<Result<u32, Error>>;

    fn call(self) -> Result<Self::Output, Error> {
        let double = |item| match item {
            0..10 => Ok(item * 2),
            10..100 => Err(Error::BrokenPromise),
            _ => panic!("out of fingers"),
        };
        Ok(self.0.into_iter().map(double).collect())
    }
}

/// Runs doublings and nothing else; takes so many and no more.
struct Doubler {
    lengths: Mutex<Vec<usize>>,
    n_max: usize,
    reason: Reason,
}

impl Doubler {
    fn new(n_max: usize, reason: Reason) -> Self {
        Self {
            lengths: Mutex::default(),
            n_max,
            reason,
        }
    }

    fn lengths(&self) -> Vec<usize> {
        self.lengths.lock().unwrap().clone()
    }
}

impl Executor<Doubles> for &Doubler {
    fn submit(&self, chunk: Doubles) -> Future<<Doubles as Callable>::Output> {
        self.submit_now(chunk)
    }

    fn try_submit(
        &self,
        callable: Doubles,
    ) -> Result<Future<<Doubles as Callable>::Output>, Rejected<Doubles>> {
        let mut lengths = self.lengths.lock().unwrap();
        if lengths.len() == self.n_max {
            let reason = self.reason.clone();
            return Err(Rejected { callable, reason });
        }
        lengths.push(callable.0.len());
        Ok(InlineExecutor::new().submit(callable))
    }

    fn room(&self) -> Option<Future<()>> {
        // It never comes, and ends as the wait for it does.
        let (promise, room) = Promise::new();
        std::mem::forget(promise);
        Some(room)
    }
}

fn words(results: impl Iterator<Item = Result<u32, Error>>) -> Vec<String> {
    let word = |result: Result<u32, Error>| match result {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    };
    results.map(word).collect()
}

#[test]
fn items_go_out_in_chunks_and_come_back_one_by_one() {
    let doubler = Doubler::new(usize::MAX, Reason::Full);
    let doubled = Map::over(&doubler, Double, 1..=5).chunk_size(2);
    assert_eq!(words(doubled), ["2", "4", "6", "8", "10"]);
    assert_eq!(doubler.lengths(), [2, 2, 1]);
}

#[test]
fn one_failed_item_fails_alone() {
    let doubler = Doubler::new(usize::MAX, Reason::Full);
    let doubled = Map::over(&doubler, Double, 9..=11).chunk_size(2);
    let broken = Error::BrokenPromise.to_string();
    assert_eq!(words(doubled), ["18", &broken, &broken]);
}

#[test]
fn a_failed_chunk_fails_each_of_its_items() {
    let doubler = Doubler::new(usize::MAX, Reason::Full);
    let items = [1, 100, 2, 3].into_iter();
    let results: Vec<_> = Map::over(&doubler, Double, items).chunk_size(2).collect();
    assert!(matches!(
        results[..],
        [
            Err(Error::Panicked(_)),
            Err(Error::Panicked(_)),
            Ok(4),
            Ok(6)
        ]
    ));
}

#[test]
fn a_refused_chunk_ends_the_results() {
    let doubler = Doubler::new(1, Reason::Shutdown);
    let doubled = Map::over(&doubler, Double, 1..=6).chunk_size(2);
    assert_eq!(words(doubled), ["2", "4", &Reason::Shutdown.to_string()]);
}

#[test]
fn a_buffer_submits_no_further_than_asked() {
    let doubler = Doubler::new(usize::MAX, Reason::Full);
    let mut doubled = Map::over(&doubler, Double, 1..).buffer_size(2);
    assert_eq!(words(doubled.by_ref().take(2)), ["2", "4"]);
    assert_eq!(doubler.lengths().len(), 3);
}

#[test]
fn a_full_queue_times_out() {
    let doubler = Doubler::new(1, Reason::Full);
    let doubled = Map::over(&doubler, Double, 1..=2).timeout(Duration::from_millis(1));
    assert_eq!(words(doubled), ["2", "timed out"]);
}

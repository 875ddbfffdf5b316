//! The executors over which the rules and the tests run, and the macros that make a test for each.

use cf_compat_tests::kit::{Kit, Subject, Traits};
use cf_core::{Future, InlineExecutor};
use cf_pool::{ProcessPoolExecutor, RayonExecutor, Shutdown, ThreadPoolExecutor};
use cf_task::Call;

use crate::watch::LONG;

/// Makes a test of each rule on each of its executors, and of all of it a table; a rule that is not told for an executor
/// does not apply there, which `kit::the_tables_have_each_rule_where_it_applies` checks.
macro_rules! rules {
    ($(fn $rule:ident: $($executor:ident),+;)+) => {
        $(
            mod $rule {
                $(
                    #[test]
                    fn $executor() {
                        $crate::executors::$executor(stringify!($rule));
                    }
                )+
            }
        )+

        pub(crate) const TABLE: &[(&str, &[&str])] =
            &[$((stringify!($rule), &[$(stringify!($executor)),+])),+];
    };
}

/// Makes a test on threads and one on processes of each function.
macro_rules! pools {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn threads() {
                $crate::watch::ends(super::$test::<cf_pool::ThreadPoolExecutor>);
            }

            #[test]
            fn processes() {
                $crate::watch::ends(super::$test::<cf_pool::ProcessPoolExecutor>);
            }
        }
    )+};
}

/// Makes a test of each function on each executor that runs closures.
macro_rules! closures {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn threads() {
                super::$test(&$crate::executors::thread_pool(2));
            }

            #[test]
            fn rayon() {
                super::$test(&$crate::executors::rayon_pool(2));
            }

            #[test]
            fn inline() {
                super::$test(&cf_core::InlineExecutor::new());
            }
        }
    )+};
}

/// A pool of workers that can be shut down.
pub(crate) trait Pool: Subject + Clone {
    fn make(n_workers: usize) -> Self;

    /// Why it cannot be made.
    fn refusal(n_workers: usize) -> String;

    fn shutdown_with(&self, mode: Shutdown);

    /// How many workers there are now.
    fn n_workers(&self) -> usize;

    fn run(&self, call: Call<u64>) -> Future<u64> {
        self.submit(call)
    }

    fn shutdown(&self) {
        self.shutdown_with(Shutdown::default());
    }
}

impl Pool for ThreadPoolExecutor {
    fn make(n_workers: usize) -> Self {
        thread_pool(n_workers)
    }

    fn refusal(n_workers: usize) -> String {
        Self::new(n_workers).unwrap_err().to_string()
    }

    fn shutdown_with(&self, mode: Shutdown) {
        self.shutdown_with(mode);
    }

    fn n_workers(&self) -> usize {
        self.stats().threads
    }
}

impl Pool for ProcessPoolExecutor {
    fn make(n_workers: usize) -> Self {
        process_pool(n_workers)
    }

    fn refusal(n_workers: usize) -> String {
        Self::new(n_workers).unwrap_err().to_string()
    }

    fn shutdown_with(&self, mode: Shutdown) {
        self.shutdown_with(mode);
    }

    fn n_workers(&self) -> usize {
        self.stats().workers.len()
    }
}

pub(crate) fn thread_pool(n_workers: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::new(n_workers).unwrap()
}

pub(crate) fn process_pool(n_workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(n_workers).unwrap()
}

/// Threads before which one call at most may wait.
pub(crate) fn bounded_pool(n_workers: usize) -> ThreadPoolExecutor {
    let builder = ThreadPoolExecutor::builder().max_workers(n_workers);
    builder.queue_capacity(1).build().unwrap()
}

pub(crate) fn rayon_pool(n_workers: usize) -> RayonExecutor {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_workers);
    RayonExecutor::new(pool.build().unwrap())
}

/// The executors of the tables, and what they are like.
pub(crate) const EXECUTORS: [(&str, Traits); 7] = [
    ("threads", THREADS),
    ("processes", PROCESSES),
    ("rayon", THREADS),
    ("inline", INLINE),
    ("bounded", BOUNDED),
    ("one_thread", one(THREADS)),
    ("one_process", one(PROCESSES)),
];

const THREADS: Traits = Traits {
    runs_inline: false,
    crosses_processes: false,
    workers: Some(2),
    is_bounded: false,
    seen_at_once: 0,
};

const PROCESSES: Traits = Traits {
    crosses_processes: true,
    ..THREADS
};

const INLINE: Traits = Traits {
    runs_inline: true,
    workers: None,
    ..THREADS
};

const BOUNDED: Traits = Traits {
    is_bounded: true,
    ..THREADS
};

const fn one(traits: Traits) -> Traits {
    Traits {
        workers: Some(1),
        ..traits
    }
}

pub(crate) fn threads(rule: &str) {
    keeps(rule, || thread_pool(2), THREADS);
}

pub(crate) fn processes(rule: &str) {
    keeps(rule, || process_pool(2), PROCESSES);
}

pub(crate) fn rayon(rule: &str) {
    keeps(rule, || rayon_pool(2), THREADS);
}

pub(crate) fn inline(rule: &str) {
    keeps(rule, InlineExecutor::new, INLINE);
}

pub(crate) fn one_thread(rule: &str) {
    keeps(rule, || thread_pool(1), one(THREADS));
}

pub(crate) fn one_process(rule: &str) {
    keeps(rule, || process_pool(1), one(PROCESSES));
}

pub(crate) fn bounded(rule: &str) {
    keeps(rule, || bounded_pool(2), BOUNDED);
}

/// Fails if the rule is broken, and also if it could not be asked.
fn keeps<E: Subject>(rule: &str, factory: impl Fn() -> E, traits: Traits) {
    let kit = Kit::new(factory).traits(traits).time_limit(LONG);
    let report = kit.check_rule(rule);
    assert!(report.is_kept(rule), "{report}");
}

//! The workloads by name, and the cases that each consists of.

mod as_completed;
mod awaiting;
mod efficiency;
mod fib;
mod idle;
mod memory;
mod process;
mod round_trip;
mod throughput;
mod ticker;
mod trickle;

use clap::ValueEnum;

use crate::{case::Case, rounds::Size};

/// What can be asked for on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Workload {
    /// One tiny task and its result, one at a time, from an outside thread
    RoundTrip,
    /// The same with submitter and worker on one core
    RoundTripPinned,
    /// Many tiny tasks from one thread, results in submission order
    Throughput,
    /// The same from four threads
    #[value(name = "throughput_4_submitters")]
    ThroughputFourSubmitters,
    /// The same with all threads on one core
    ThroughputPinned,
    /// Many tiny tasks, results as they complete
    AsCompleted,
    /// One tiny task at a time, awaited in the `block_on` of a multi-thread tokio runtime
    AwaitOneBlockOn,
    /// The same from a spawned task
    AwaitOneSpawned,
    /// The same in the `block_on` of a current-thread runtime
    AwaitOneCurrentThread,
    /// A thousand tiny tasks in flight, awaited in `block_on` and from a spawned task
    #[value(name = "await_1000")]
    AwaitAThousand,
    /// The longest gap of a 1 ms ticker while the workers behind the bridge are saturated
    Ticker,
    /// Fork-join: Fibonacci with a submit and a result at every node
    Fib,
    /// Allocations and bytes of a queued task
    Memory,
    /// What a pool does while there is nothing to do
    Idle,
    /// Processor time of a few tasks a second
    Trickle,
    /// Tasks that do real work: time over the ideal
    Efficiency,
    /// One tiny call and its result, one at a time, with one worker process
    ProcessRoundTrip,
    /// The same with both processes on one core
    ProcessRoundTripPinned,
    /// Many tiny calls to two worker processes, one by one and in chunks
    ProcessThroughput,
    /// A buffer of 1 MiB to a worker process and back
    #[value(name = "process_echo_1mb")]
    ProcessEchoOneMib,
    /// A buffer of 64 MiB to a worker process and back
    #[value(name = "process_echo_64mb")]
    ProcessEcho64Mib,
    /// The first result of a new process pool
    ProcessCold,
    /// From SIGKILL of the only worker process to the next result
    ProcessAfterKill,
    /// What a process pool does while there is nothing to do
    ProcessIdle,
}

/// The cases of the workloads asked for; of all, if none is.
pub(crate) fn cases(asked: &[Workload], size: Size) -> Vec<Case> {
    let asked = if asked.is_empty() {
        Workload::value_variants()
    } else {
        asked
    };
    asked
        .iter()
        .flat_map(|workload| cases_of(*workload, size))
        .collect()
}

fn cases_of(workload: Workload, size: Size) -> Vec<Case> {
    match workload {
        Workload::RoundTrip => vec![round_trip::across_cores(size)],
        Workload::RoundTripPinned => vec![round_trip::on_one_core(size)],
        Workload::Throughput => throughput::by_workers(size),
        Workload::ThroughputFourSubmitters => vec![throughput::from_four_threads(size)],
        Workload::ThroughputPinned => vec![throughput::on_one_core(size)],
        Workload::AsCompleted => vec![as_completed::case(size)],
        Workload::AwaitOneBlockOn => vec![awaiting::one_from_block_on(size)],
        Workload::AwaitOneSpawned => vec![awaiting::one_from_a_task(size)],
        Workload::AwaitOneCurrentThread => vec![awaiting::one_on_current_thread(size)],
        Workload::AwaitAThousand => awaiting::a_thousand(size),
        Workload::Ticker => vec![ticker::case(size)],
        Workload::Fib => vec![fib::case(size)],
        Workload::Memory => memory::cases(size),
        Workload::Idle => vec![idle::case(size)],
        Workload::Trickle => trickle::cases(size),
        Workload::Efficiency => efficiency::cases(size),
        Workload::ProcessRoundTrip => vec![process::round_trip::across_cores(size)],
        Workload::ProcessRoundTripPinned => vec![process::round_trip::on_one_core(size)],
        Workload::ProcessThroughput => process::throughput::cases(size),
        Workload::ProcessEchoOneMib => vec![process::echo::of_one_mib(size)],
        Workload::ProcessEcho64Mib => vec![process::echo::of_64_mib(size)],
        Workload::ProcessCold => vec![process::cold::case(size)],
        Workload::ProcessAfterKill => vec![process::after_kill::case(size)],
        Workload::ProcessIdle => vec![process::idle::case(size)],
    }
}

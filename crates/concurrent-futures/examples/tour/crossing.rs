//! Chapter: calls that run in worker processes, how they are made, and what it costs to send them.

use std::process;
use std::time::{Duration, Instant};

use concurrent_futures::{
    BoxError, ProcessPoolExecutor, ThreadPoolExecutor, aio, run_in_executor, task,
};

use crate::page::{Page, spoken};

const BUFFER_BYTES: usize = 64 << 20;
const N_ECHOES: usize = 5;

pub(crate) fn run(page: &mut Page) -> Result<(), BoxError> {
    page.chapter(
        "Worker processes",
        "A process pool runs calls in other processes, which share nothing with this one: what goes wrong there stays there. \
         A worker is this very program, started once more; `concurrent_futures::init()`, the first line of its `main`, is \
         where it becomes one.",
        include_str!("crossing.rs"),
    );

    page.step(
        "cpu bound",
        "#[task]: a function that can be called elsewhere",
        "A closure cannot cross, so the function is marked, and `cpu_bound::task(n)` is a call of it that has not been made \
         yet. It runs on any executor; the function itself stays what it was.",
    );
    // show: cpu bound
    #[task]
    fn cpu_bound(n: u64) -> u128 {
        (0..u128::from(n)).map(|i| i * i).sum()
    }

    const N: u64 = 10_000_000;
    let pool = ProcessPoolExecutor::new(2)?;
    let in_a_process = pool.submit(cpu_bound::task(N)).result()?;
    let on_a_thread = ThreadPoolExecutor::new(1)?
        .submit(cpu_bound::task(N))
        .result()?;
    let right_here = cpu_bound(N);
    // end
    page.measured(format!("{in_a_process} from another process"));
    page.check(
        in_a_process == 333_333_283_333_335_000_000
            && on_a_thread == in_a_process
            && right_here == in_a_process,
        "a process, a thread and a plain call give the same",
    );

    page.step(
        "awaited",
        "run_in_executor takes a process pool, too",
        "From a loop a call is awaited like any other work. Cancelling it asks it to stop, and ends its worker if it does not.",
    );
    // show: awaited
    #[task]
    fn pid() -> u32 {
        process::id()
    }

    let (sum, there) = aio::run(async {
        let sum = run_in_executor(&pool, cpu_bound::task(N));
        let there = run_in_executor(&pool, pid::task());
        aio::gather!(sum, there).await
    })??;
    // end
    page.measured(format!(
        "process {there} was asked from the loop of process {}",
        process::id()
    ));
    page.check(
        sum == right_here && there != process::id(),
        "awaited, from another process",
    );

    page.step(
        "chunks",
        "map: many small calls travel together",
        "With `chunk_size` one message carries several calls, and each has an outcome of its own all the same.",
    );
    // show: chunks
    let begun = Instant::now();
    let small = (0..10_000).map(|n| n % 10);
    let sums = pool.map(cpu_bound::task, small).chunk_size(64);
    let n_sums = sums.filter_map(Result::ok).count();
    let took = begun.elapsed();
    // end
    page.measured(format!(
        "{n_sums} calls in {}, {} each",
        spoken(took),
        spoken(took / 10_000)
    ));
    page.check(n_sums == 10_000, "ten thousand answers");

    page.step(
        "buffer",
        "64 MB there and back",
        "Large bytes are not looked through but copied, into memory that both processes share and out of it, both at work at \
         the same time. No message is ever held there whole.",
    );
    // show: buffer
    #[task]
    fn echo(bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    let sent: Vec<u8> = (0..BUFFER_BYTES).map(|n| n as u8).collect();
    let (mut times, mut is_same) = (Vec::new(), true);
    for _ in 0..N_ECHOES {
        let call = echo::task(sent.clone());
        let begun = Instant::now();
        let returned = pool.submit(call).result()?;
        times.push(begun.elapsed());
        is_same &= returned == sent;
    }
    // end
    let fastest = times.iter().min().copied().unwrap_or(Duration::MAX);
    let all: Vec<_> = times.iter().copied().map(spoken).collect();
    page.measured(format!("there and back in {}", all.join(", ")));
    page.measured(format!(
        "the fastest moved {:.1} GB/s",
        2.0 * BUFFER_BYTES as f64 / fastest.as_secs_f64() / 1e9
    ));
    page.check(is_same, "all bytes came back as they were");
    let stats = pool.stats();
    let workers = stats.workers.iter().map(|worker| {
        let mb = worker
            .rss
            .map_or_else(|| "?".to_owned(), |rss| (rss >> 20).to_string());
        format!("process {} with {mb} MB", worker.pid)
    });
    page.measured(format!(
        "the pool's workers now: {}",
        workers.collect::<Vec<_>>().join(", ")
    ));
    page.check(
        stats.failed == 0 && stats.restarts == 0,
        "no worker was lost on the way",
    );
    Ok(())
}

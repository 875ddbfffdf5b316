//! Durations counted in buckets whose width doubles four steps at a time: at most a quarter off, cheap to write.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

const STEPS: u64 = 4;
const N_BUCKETS: usize = 64 * STEPS as usize;

/// How a duration was distributed over the tasks of a pool.
///
/// Counts are of tasks; where only one task in several was timed, it counts for all of them. Values are exact to a quarter.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cf_pool::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(1)?;
/// pool.submit(|| std::thread::sleep(Duration::from_millis(2))).result().unwrap();
/// let run_time = pool.stats().run_time;
/// assert_eq!(run_time.count(), 1);
/// assert!(run_time.max() >= Duration::from_millis(2));
/// assert!(run_time.quantile(0.5) >= Duration::from_millis(1));
/// # Ok::<_, cf_pool::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    buckets: Box<[u64]>,
    total_nanos: u64,
    max_nanos: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; N_BUCKETS].into(),
            total_nanos: 0,
            max_nanos: 0,
        }
    }
}

impl Histogram {
    /// Gives how many tasks are counted.
    ///
    /// # Examples
    /// ```
    /// let pool = cf_pool::ThreadPoolExecutor::new(1)?;
    /// pool.submit(|| 7).result().unwrap();
    /// assert_eq!(pool.stats().run_time.count(), 1);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Gives the mean; zero where nothing is counted.
    ///
    /// # Examples
    /// ```
    /// let pool = cf_pool::ThreadPoolExecutor::new(1)?;
    /// pool.submit(|| std::thread::sleep(std::time::Duration::from_millis(2))).result().unwrap();
    /// let run_time = pool.stats().run_time;
    /// assert!(run_time.mean().as_millis() >= 2);
    /// assert!(cf_pool::Histogram::default().mean().is_zero());
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.total_nanos.checked_div(self.count()).unwrap_or(0))
    }

    /// Gives the longest.
    ///
    /// # Examples
    /// ```
    /// let pool = cf_pool::ThreadPoolExecutor::new(1)?;
    /// pool.submit(|| std::thread::sleep(std::time::Duration::from_millis(2))).result().unwrap();
    /// let run_time = pool.stats().run_time;
    /// assert!(run_time.max().as_millis() >= 2);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_nanos)
    }

    /// Gives the value that the share `q` (0 to 1) of the tasks stays below or at, to a quarter; zero where nothing is counted.
    ///
    /// # Examples
    /// ```
    /// let pool = cf_pool::ThreadPoolExecutor::new(1)?;
    /// pool.submit(|| std::thread::sleep(std::time::Duration::from_millis(2))).result().unwrap();
    /// let run_time = pool.stats().run_time;
    /// assert!(run_time.quantile(0.5) <= run_time.quantile(0.9));
    /// assert_eq!(run_time.quantile(1.0), run_time.max());
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn quantile(&self, q: f64) -> Duration {
        let count = self.count();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank need not be more exact than a float"
        )]
        let rank = ((count as f64 * q.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut below = 0;
        for (bucket, n) in self.buckets.iter().enumerate() {
            below += n;
            if below >= rank {
                return Duration::from_nanos(upper_bound(bucket).min(self.max_nanos));
            }
        }
        Duration::ZERO
    }

    /// Gives the buckets that are not empty: the upper bound of each and its count.
    ///
    /// # Examples
    /// ```
    /// let pool = cf_pool::ThreadPoolExecutor::new(1)?;
    /// pool.submit(|| std::thread::sleep(std::time::Duration::from_millis(2))).result().unwrap();
    /// let run_time = pool.stats().run_time;
    /// let (bound, n_tasks) = run_time.buckets().next().unwrap();
    /// assert!(bound >= run_time.max() && n_tasks == 1);
    /// # Ok::<_, cf_pool::BuildError>(())
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.buckets
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .map(|(bucket, &n)| (Duration::from_nanos(upper_bound(bucket)), n))
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("mean", &self.mean())
            .field("p50", &self.quantile(0.5))
            .field("p99", &self.quantile(0.99))
            .field("max", &self.max())
            .finish()
    }
}

/// A histogram that one thread writes and others read.
pub(crate) struct Recorder {
    buckets: Box<[AtomicU64]>,
    total_nanos: AtomicU64,
    max_nanos: AtomicU64,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            buckets: (0..N_BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            total_nanos: AtomicU64::new(0),
            max_nanos: AtomicU64::new(0),
        }
    }

    /// Counts `n_tasks` that took this long; to be called by the owner only.
    pub(crate) fn record(&self, duration: Duration, n_tasks: u64) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        add(&self.buckets[bucket(nanos)], n_tasks);
        add(&self.total_nanos, nanos.saturating_mul(n_tasks));
        if nanos > self.max_nanos.load(Ordering::Relaxed) {
            self.max_nanos.store(nanos, Ordering::Relaxed);
        }
    }

    pub(crate) fn add_to(&self, histogram: &mut Histogram) {
        for (sum, bucket) in histogram.buckets.iter_mut().zip(&self.buckets) {
            *sum += bucket.load(Ordering::Relaxed);
        }
        histogram.total_nanos = histogram
            .total_nanos
            .saturating_add(self.total_nanos.load(Ordering::Relaxed));
        histogram.max_nanos = histogram
            .max_nanos
            .max(self.max_nanos.load(Ordering::Relaxed));
    }
}

/// Adds to a counter that only one thread writes.
pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).saturating_add(n),
        Ordering::Relaxed,
    );
}

fn bucket(nanos: u64) -> usize {
    if nanos < STEPS {
        return nanos as usize;
    }
    let log = u64::from(nanos.ilog2());
    let step = (nanos >> (log - 2)) & (STEPS - 1);
    ((log - 1) * STEPS + step) as usize
}

fn upper_bound(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let (log, step) = (bucket / STEPS + 1, bucket % STEPS);
    let lower = (STEPS + step) << (log - 2);
    lower.saturating_add((1 << (log - 2)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket() {
        for nanos in (0..64)
            .flat_map(|shift| [1_u64 << shift, (1 << shift) + 1, (1 << shift) - 1])
            .chain([u64::MAX])
        {
            let bucket = bucket(nanos);
            assert!(
                nanos <= upper_bound(bucket),
                "{nanos} above bucket {bucket}"
            );
            assert!(
                bucket == 0 || nanos > upper_bound(bucket - 1),
                "{nanos} below bucket {bucket}"
            );
        }
    }

    #[test]
    fn quantiles_are_exact_to_a_quarter() {
        let recorder = Recorder::new();
        (1..=1000).for_each(|n| recorder.record(Duration::from_micros(n), 1));
        let mut histogram = Histogram::default();
        recorder.add_to(&mut histogram);
        let median = histogram.quantile(0.5).as_micros();
        assert!((500..=625).contains(&median), "{median}");
        assert_eq!(histogram.count(), 1000);
        assert_eq!(histogram.max(), Duration::from_millis(1));
        assert_eq!(histogram.quantile(1.0), histogram.max());
    }
}

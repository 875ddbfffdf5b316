//! How a pool is shut down.

/// How [`shutdown_with`](crate::ThreadPoolExecutor::shutdown_with) ends a pool.
///
/// # Examples
/// ```
/// use cf_pool::Shutdown;
///
/// let default = Shutdown::default();
/// assert!(default.wait && !default.cancel_futures);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// Return only when all accepted work is done and all threads have ended.
    pub wait: bool,
    /// Cancel what has not started.
    pub cancel_futures: bool,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            wait: true,
            cancel_futures: false,
        }
    }
}

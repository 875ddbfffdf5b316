//! The process pool: what a call costs that leaves the process, beside other process pools and beside no pool at all.

pub(crate) mod after_kill;
pub(crate) mod cold;
pub(crate) mod echo;
pub(crate) mod idle;
pub(crate) mod round_trip;
pub(crate) mod throughput;

/// The lanes of our pool and procspawn's, for a function generic over `ProcessPool`.
macro_rules! process_lanes {
    ($once:ident $arguments:tt) => {
        process_lanes!($once $arguments: OnProcesses, ProcspawnPool)
    };
    ($once:ident $arguments:tt: $($pool:ident),+) => {
        vec![$({
            use $crate::process_pools::ProcessPool as _;
            $crate::rounds::Lane::new(
                $crate::process_pools::$pool::NAME,
                move || $once::<$crate::process_pools::$pool> $arguments,
            )
        }),+]
    };
}
use process_lanes;

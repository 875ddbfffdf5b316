//! What the operating system and the allocator say about this process, and what only the system can do.

mod counting_allocator;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod exchange;
#[cfg(target_os = "linux")]
mod linux;

pub(crate) use counting_allocator::count_allocations;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{
    Exchange, activity, context_switches_of_others, cpu_time, end_with_parent, kill, load,
    pin_to_first_core, pin_to_last_core, resident_bytes,
};
#[cfg(target_os = "linux")]
pub(crate) use exchange::Exchange;
#[cfg(target_os = "linux")]
pub(crate) use linux::{
    activity, context_switches_of_others, cpu_time, end_with_parent, kill, load, pin_to_first_core,
    pin_to_last_core, resident_bytes,
};

/// What a thread has done so far.
#[derive(Clone, Copy)]
pub(crate) struct Activity {
    /// How often it went to sleep, and so how often it woke up.
    pub(crate) n_sleeps: u64,
    pub(crate) cpu_nanos: u64,
}

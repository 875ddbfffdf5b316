//! What the operating system and the allocator say about this process.

mod counting_allocator;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

pub(crate) use counting_allocator::count_allocations;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{context_switches_of_others, cpu_time, pin_to_one_core, resident_bytes};
#[cfg(target_os = "linux")]
pub(crate) use linux::{context_switches_of_others, cpu_time, pin_to_one_core, resident_bytes};

//! A write to memory that is not there; the only unsafe code of these tests.

/// The first page is mapped nowhere; a null pointer itself would be caught by a debug build.
const NOWHERE: usize = 16;

pub(crate) fn segfault() {
    let nowhere = std::ptr::without_provenance_mut::<u8>(NOWHERE);
    // SAFETY: none; it is meant to end the process, which is a worker.
    unsafe { nowhere.write_volatile(1) }
}

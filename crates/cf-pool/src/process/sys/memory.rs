//! A piece of memory that parent and worker share: two rings and the words that say how far they are.

use std::{
    ffi::c_void,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::{self, NonNull},
};

use rustix::{
    fs::{self, SealFlags},
    mm::{self, MapFlags, ProtFlags},
};

use crate::process::positions::Words;

/// The words have the first page for themselves.
const WORDS_BYTES: usize = 4096;
const _: () = assert!(size_of::<Words>() <= WORDS_BYTES);
/// Memory that is larger gets huge pages, where the system has them: touching it first costs a tenth then.
const HUGE_BYTES: usize = 4 << 20;
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Memory mapped by two processes; its bytes may change at any time.
pub(crate) struct Mapping {
    base: NonNull<u8>,
    n_bytes: usize,
    fd: OwnedFd,
}

// SAFETY: the mapping is not bound to a thread; all access goes through atomics or through copies of raw bytes.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Makes memory for two rings of `ring_bytes` each, all zero, that nobody can shrink.
    pub(crate) fn create(ring_bytes: usize) -> io::Result<Self> {
        let fd = create_fd()?;
        let n_bytes = WORDS_BYTES + 2 * ring_bytes;
        fs::ftruncate(&fd, n_bytes as u64)?;
        seal(&fd)?;
        Self::map(fd, n_bytes)
    }

    /// What the worker is to be given.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Gives the memory of both rings back to the system; what was written is zero then, and can be written again.
    #[cfg(target_os = "linux")]
    pub(crate) fn give_back(&self) {
        let flags = fs::FallocateFlags::PUNCH_HOLE | fs::FallocateFlags::KEEP_SIZE;
        let n_bytes = self.n_bytes - WORDS_BYTES;
        // If the system will not have it, it is kept.
        let _ = fs::fallocate(&self.fd, flags, WORDS_BYTES as u64, n_bytes as u64);
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn give_back(&self) {}

    /// Maps what the parent made.
    pub(crate) fn open(fd: OwnedFd, ring_bytes: usize) -> io::Result<Self> {
        let n_bytes = WORDS_BYTES + 2 * ring_bytes;
        if (fs::fstat(&fd)?.st_size as u64) < n_bytes as u64 {
            return Err(io::Error::other(
                "the shared memory is smaller than it should be",
            ));
        }
        Self::map(fd, n_bytes)
    }

    fn map(fd: OwnedFd, n_bytes: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at an address of the system's choice touches no memory that there is.
        let base = unsafe {
            mm::mmap(
                ptr::null_mut(),
                n_bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &fd,
                0,
            )
        }?;
        let base = NonNull::new(base.cast::<u8>())
            .ok_or_else(|| io::Error::other("the system mapped memory at address 0"))?;
        Ok(Self { base, n_bytes, fd })
    }

    pub(crate) fn words(&self) -> &Words {
        // SAFETY: the first page is mapped, aligned, lives as long as `self`, and `Words` is nothing but atomics, which are
        // valid for every content and may be changed by the other process.
        unsafe { self.base.cast::<Words>().as_ref() }
    }

    /// Copies `bytes` to `offset` of the rings' memory.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        let to = self.at(offset, bytes.len());
        // SAFETY: the range is inside the mapping, by `at`, and no reference points into it.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
    }

    /// Copies from `offset` of the rings' memory.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) {
        let from = self.at(offset, into.len());
        // SAFETY: the range is inside the mapping, by `at`; should the other process break the protocol and write there at
        // this moment, then we get some bytes, and any bytes are valid for `u8`.
        unsafe { ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) }
    }

    /// Copies so many bytes from `offset` of the rings' memory to the end of `into`.
    pub(crate) fn append(&self, offset: usize, n_bytes: usize, into: &mut Vec<u8>) {
        let from = self.at(offset, n_bytes);
        into.reserve(n_bytes);
        let length = into.len();
        // SAFETY: as `read`; the spare capacity was reserved above.
        unsafe { ptr::copy_nonoverlapping(from, into.as_mut_ptr().add(length), n_bytes) }
        // SAFETY: so many bytes were written just now.
        unsafe { into.set_len(length + n_bytes) }
    }

    fn at(&self, offset: usize, n_bytes: usize) -> *mut u8 {
        let start = WORDS_BYTES + offset;
        assert!(
            n_bytes <= self.n_bytes && start <= self.n_bytes - n_bytes,
            "a range outside of the shared memory"
        );
        // SAFETY: `start` is inside the mapping.
        unsafe { self.base.as_ptr().add(start) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this mapping was made by `map` with this length, and nothing refers to it any more.
        let unmapped = unsafe { mm::munmap(self.base.as_ptr().cast::<c_void>(), self.n_bytes) };
        debug_assert!(unmapped.is_ok());
    }
}

/// A file without a name, which no crash can leave behind.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn create_fd() -> io::Result<OwnedFd> {
    use rustix::fs::MemfdFlags;

    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    Ok(fs::memfd_create("cf-pool", flags)?)
}

/// A worker that shrank it would kill the parent that reads it.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn seal(fd: &OwnedFd) -> io::Result<()> {
    Ok(fs::fcntl_add_seals(
        fd,
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
    )?)
}

/// A shared-memory object whose name is taken away at once.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn create_fd() -> io::Result<OwnedFd> {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::{fs::Mode, shm};

    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("/cf-pool-{}-{number}", std::process::id());
    let flags = shm::OFlags::CREATE | shm::OFlags::EXCL | shm::OFlags::RDWR;
    let fd = shm::open(&name, flags, Mode::RUSR | Mode::WUSR)?;
    shm::unlink(&name)?;
    Ok(fd)
}

/// Elsewhere the size of such an object can be set only once.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn seal(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// Asks for huge pages behind the spare capacity of a large buffer that is about to be filled.
#[cfg(target_os = "linux")]
pub(crate) fn prefer_huge_pages(buffer: &mut Vec<u8>) {
    if buffer.capacity() < HUGE_BYTES {
        return;
    }
    let start = buffer.as_mut_ptr().addr();
    let end = start + buffer.capacity();
    let start = start.next_multiple_of(HUGE_PAGE_BYTES);
    let end = end / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    if start >= end {
        return;
    }
    let skipped = start - buffer.as_mut_ptr().addr();
    // SAFETY: inside the buffer's capacity.
    let address = unsafe { buffer.as_mut_ptr().add(skipped) };
    // SAFETY: the range belongs to the buffer, and the advice changes no content.
    let advised = unsafe {
        mm::madvise(
            address.cast::<c_void>(),
            end - start,
            mm::Advice::LinuxHugepage,
        )
    };
    // A kernel without huge pages refuses; then it takes small ones.
    let _ = advised;
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn prefer_huge_pages(_: &mut Vec<u8>) {}

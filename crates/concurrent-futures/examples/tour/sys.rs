//! What depends on the operating system: opening without ever blocking, and telling file systems apart.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for reading; what became a fifo, a device or a link since it was listed cannot block or mislead.
#[cfg(unix)]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// The device an entry lies on; `None` where there is no such number.
#[cfg(unix)]
pub(crate) fn device(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(metadata))
}

#[cfg(not(unix))]
pub(crate) fn device(_metadata: &Metadata) -> Option<u64> {
    None
}

/// Whether the "files" under `root` are made up by the kernel as they are read (`/proc`), some without an end.
#[cfg(target_os = "linux")]
pub(crate) fn is_made_up(root: &Path) -> bool {
    rustix::fs::statfs(root).is_ok_and(|fs| fs.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_made_up(_root: &Path) -> bool {
    false
}

//! Where the workspace is, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace's manifest.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// Keeps what makes the next build of the same thing faster. The tasks build each combination of features once, and it would be
/// most of what they leave on the disk.
pub(crate) const INCREMENTAL: &str = "CARGO_INCREMENTAL";

/// The cargo that started us, in the workspace's root, with nothing to read on its standard input.
pub(crate) fn cargo<I>(args: I) -> Command
where
    I: IntoIterator<Item: AsRef<std::ffi::OsStr>>,
{
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).stdin(Stdio::null()).args(args);
    if std::env::var_os(INCREMENTAL).is_none() {
        command.env(INCREMENTAL, "0");
    }
    command
}

/// The folder cargo builds in.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The flags in the environment variable `name`, if any, and one more.
pub(crate) fn flags_and(name: &str, flag: &str) -> String {
    match std::env::var(name) {
        Ok(flags) if !flags.is_empty() => format!("{flags} {flag}"),
        _ => flag.to_owned(),
    }
}

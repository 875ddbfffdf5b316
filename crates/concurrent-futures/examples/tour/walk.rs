//! The walk over a directory of any shape: regular files come out, everything else is counted and reported.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::page::Page;
use crate::sys;

/// Names printed of each kind of skipped entry; the rest is only counted.
const N_NAMED: usize = 4;
/// Columns of a printed file name.
const NAME_WIDTH: usize = 46;

/// Iterates over the regular files below a directory, without following links or leaving its file system.
pub(crate) struct Walk {
    root: PathBuf,
    device: Option<u64>,
    left_out: &'static [&'static str],
    entries: walkdir::IntoIter,
    pub(crate) skipped: Skipped,
}

impl Walk {
    /// Begins a walk; directories directly under `root` that are named in `left_out` are not entered.
    pub(crate) fn new(root: &Path, left_out: &'static [&'static str]) -> Self {
        let mut walk = Self {
            root: root.to_owned(),
            device: fs::metadata(root)
                .ok()
                .and_then(|metadata| sys::device(&metadata)),
            left_out,
            entries: WalkDir::new(root).into_iter(),
            skipped: Skipped::default(),
        };
        if sys::is_made_up(root) {
            walk.skipped
                .add("file system made up by the kernel, not read", shown(root));
            walk.entries = WalkDir::new(root).max_depth(0).into_iter();
        }
        walk
    }

    /// The name of an entry as it is printed: relative to the root.
    pub(crate) fn name(&self, path: &Path) -> String {
        shown(path.strip_prefix(&self.root).unwrap_or(path))
    }

    fn is_wanted(&mut self, entry: &DirEntry) -> bool {
        let kind = entry.file_type();
        if kind.is_file() || entry.depth() == 0 {
            return kind.is_file();
        }
        let name = self.name(entry.path());
        if kind.is_dir() {
            let left_out = entry.depth() == 1
                && self
                    .left_out
                    .iter()
                    .any(|name| OsStr::new(name) == entry.file_name());
            let elsewhere = entry
                .metadata()
                .is_ok_and(|metadata| sys::device(&metadata) != self.device);
            if left_out || elsewhere {
                self.entries.skip_current_dir();
                let why = if left_out {
                    "directory left out by default"
                } else {
                    "other file system, not entered"
                };
                self.skipped.add(why, name);
            }
        } else if kind.is_symlink() {
            match fs::metadata(entry.path()) {
                Ok(_) => self.skipped.add("symbolic link, not followed", name),
                Err(error) => self.skipped.add(
                    "link that leads nowhere",
                    format!("{name}: {}", reason(&error)),
                ),
            }
        } else {
            self.skipped.add("fifo, socket or device, not opened", name);
        }
        false
    }
}

impl Iterator for Walk {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            match self.entries.next()? {
                Ok(entry) if self.is_wanted(&entry) => return Some(entry.into_path()),
                Ok(_) => {}
                Err(error) => {
                    let name = error
                        .path()
                        .map_or_else(String::new, |path| self.name(path));
                    let why = error.io_error().map_or_else(|| error.to_string(), reason);
                    self.skipped.add("unreadable", format!("{name}: {why}"));
                }
            }
        }
    }
}

/// What was not read and why; its size does not grow with the number of entries.
#[derive(Default)]
pub(crate) struct Skipped(BTreeMap<&'static str, Kind>);

#[derive(Default)]
struct Kind {
    count: usize,
    first: Vec<String>,
}

impl Skipped {
    pub(crate) fn add(&mut self, why: &'static str, name: String) {
        let kind = self.0.entry(why).or_default();
        kind.count += 1;
        if kind.first.len() < N_NAMED {
            kind.first.push(name);
        }
    }

    /// Prints one line for each kind and the first few names of it.
    pub(crate) fn print(&self, page: &Page) {
        for (why, kind) in &self.0 {
            page.measured(format!("skipped {}: {why}", kind.count));
            for name in &kind.first {
                page.line(&format!("                {name}"));
            }
            if kind.count > kind.first.len() {
                page.line(&format!(
                    "                ... and {} more",
                    kind.count - kind.first.len()
                ));
            }
        }
    }
}

/// What an error says, without the number of the operating system.
pub(crate) fn reason(error: &io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A path as it can be printed anywhere: control characters and bytes that are not UTF-8 escaped, the middle cut.
fn shown(path: &Path) -> String {
    let mut name = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                name.extend(c.escape_default());
            } else {
                name.push(c);
            }
        }
        for byte in chunk.invalid() {
            name.push_str(&format!("\\x{byte:02X}"));
        }
    }
    if name.is_empty() {
        name.push('.');
    }
    let columns = |c: char| if c >= '\u{1100}' { 2 } else { 1 };
    if name.chars().map(columns).sum::<usize>() <= NAME_WIDTH {
        return name;
    }
    let cut = |chars: &mut dyn Iterator<Item = char>| -> Vec<char> {
        let mut room = NAME_WIDTH / 2 - 2;
        chars
            .take_while(|&c| {
                room.checked_sub(columns(c))
                    .map(|left| room = left)
                    .is_some()
            })
            .collect()
    };
    let (front, mut back) = (cut(&mut name.chars()), cut(&mut name.chars().rev()));
    back.reverse();
    format!("{}...{}", String::from_iter(front), String::from_iter(back))
}

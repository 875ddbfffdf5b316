//! The repository's text files, read once.

use std::path::Path;

use crate::source::{self, Line};

/// All text files, by path.
#[derive(Debug)]
pub(crate) struct Tree {
    files: Vec<File>,
}

/// One text file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the repository's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    /// For Rust files: the same lines, code and comments apart.
    pub(crate) lines: Vec<Line>,
}

/// Folders that no rule applies to. Other hidden ones are passed over too, except those in `HIDDEN`.
const SKIPPED: [&str; 1] = ["target"];
const HIDDEN: [&str; 3] = [".cargo", ".ci", ".github"];

impl Tree {
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File::new((*path).to_owned(), (*text).to_owned()));
        Self {
            files: files.collect(),
        }
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// The manifests of all crates, not that of the workspace.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &File> {
        self.files
            .iter()
            .filter(|file| file.path.ends_with("/Cargo.toml"))
    }
}

impl File {
    fn new(path: String, text: String) -> Self {
        let lines = if path.ends_with(".rs") {
            source::lines(&text)
        } else {
            Vec::new()
        };
        Self { path, text, lines }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// True if one of the folders it is in has this name.
    pub(crate) fn is_under(&self, folder: &str) -> bool {
        let mut folders = self.path.split('/');
        folders.next_back();
        folders.any(|name| name == folder)
    }

    /// Its name without extension.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }
}

fn read_folder(dir: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", dir.display());
    let entries = std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        // A name that is not UTF-8 cannot be one of ours.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            let is_ours = !name.starts_with('.') || HIDDEN.contains(&name.as_str());
            if is_ours && !SKIPPED.contains(&name.as_str()) {
                read_folder(&entry.path(), &format!("{prefix}{name}/"), files)?;
            }
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).map_err(failed)?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File::new(format!("{prefix}{name}"), text));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_read() {
        let tree = Tree::read(&crate::cargo::root()).unwrap();
        assert!(tree.get("xtask/src/tree.rs").is_some());
        assert!(tree.get(".cargo/config.toml").is_some());
        assert!(
            tree.files()
                .iter()
                .all(|file| !file.path.starts_with("target/"))
        );
    }

    #[test]
    fn a_file_knows_its_folders_and_its_stem() {
        let file = File::new("crates/x/tests/it/main.rs".into(), String::new());
        assert!(file.is_under("tests") && file.is_under("it") && !file.is_under("main.rs"));
        assert_eq!(file.stem(), "main");
    }
}

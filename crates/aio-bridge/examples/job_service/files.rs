//! The directory that clients may name files in, and nothing outside of it.

use std::{
    error::Error,
    fmt,
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
};

/// A directory, with all symbolic links in its own path resolved.
#[derive(Debug)]
pub(crate) struct Root(PathBuf);

/// Why a named file was not opened.
#[derive(Debug)]
pub(crate) enum Unopened {
    /// The name leads out of the root: `..`, an absolute path, or a symbolic link.
    Outside,
    NotFound,
    /// A directory, a device, a pipe: nothing that can be read to an end.
    NotAFile,
    Failed(io::Error),
}

impl Root {
    pub(crate) fn new(dir: &Path) -> io::Result<Self> {
        let dir = dir.canonicalize()?;
        if dir.is_dir() {
            Ok(Self(dir))
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    /// Opens a regular file in the root. Blocks.
    ///
    /// Whoever can change the directory itself while this runs is trusted.
    pub(crate) fn open(&self, name: &str) -> Result<File, Unopened> {
        let name = Path::new(name);
        if !name
            .components()
            .all(|it| matches!(it, Component::Normal(_)))
        {
            return Err(Unopened::Outside);
        }
        let path = self.0.join(name).canonicalize()?;
        if !path.starts_with(&self.0) {
            return Err(Unopened::Outside);
        }
        if !fs::metadata(&path)?.is_file() {
            return Err(Unopened::NotAFile);
        }
        Ok(File::open(path)?)
    }
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // A name with a zero byte, or longer than any file's, is the name of no file.
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename => Self::NotFound,
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("the name leads out of the served directory"),
            Self::NotFound => f.write_str("there is no such file"),
            Self::NotAFile => f.write_str("it is not a regular file"),
            Self::Failed(error) => write!(f, "the file cannot be opened: {error}"),
        }
    }
}

impl Error for Unopened {}

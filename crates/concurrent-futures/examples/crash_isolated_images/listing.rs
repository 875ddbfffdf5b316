//! Which files of a directory are images, by their names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];

/// The images of a directory, by name.
pub(crate) struct Listing {
    pub(crate) images: Vec<Image>,
    /// Directories, and files with other names.
    pub(crate) n_others: usize,
}

pub(crate) struct Image {
    pub(crate) path: PathBuf,
    /// As it can be printed.
    pub(crate) name: String,
}

impl Listing {
    pub(crate) fn read(dir: &Path) -> io::Result<Self> {
        let failed =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", dir.display()));
        let mut listing = Self {
            images: Vec::new(),
            n_others: 0,
        };
        for entry in fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_file() && is_image(&path) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let name = name.replace(char::is_control, "?");
                listing.images.push(Image { path, name });
            } else {
                listing.n_others += 1;
            }
        }
        listing
            .images
            .sort_by(|one, other| one.path.cmp(&other.path));
        Ok(listing)
    }
}

fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

//! What was posted, and whether a download of it is the same.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a helper of tests: what goes wrong here fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// A file that was posted in articles.
#[derive(Debug)]
pub struct Post {
    /// The original.
    pub file: PathBuf,
    /// The .nzb that names its articles.
    pub nzb: PathBuf,
}

impl Post {
    /// Fails the test unless the file is somewhere below `folder`, the same to the byte.
    pub fn assert_downloaded(&self, folder: &Path) {
        let name = self.file.file_name().expect("the file's name");
        let copy = find(folder, &|file| file.file_name() == Some(name))
            .unwrap_or_else(|| panic!("{} is not in {}", name.display(), folder.display()));
        let (original, copy) =
            (fs::read(&self.file).expect("the original"), fs::read(copy).expect("the copy"));
        assert_eq!(original.len(), copy.len(), "the length of the downloaded file");
        let differing = original.iter().zip(&copy).position(|(a, b)| a != b);
        assert_eq!(differing, None, "the first byte of the downloaded file that differs");
    }
}

/// The first file below `folder` that is `wanted`.
pub fn find(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() { find(&path, wanted) } else { wanted(&path).then_some(path) }
    })
}

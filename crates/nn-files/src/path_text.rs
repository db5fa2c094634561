//! What the text of a path says, without a look at the disk.

use std::path::{self, Path};

/// Returns the folder that a path lies in; for a bare name the current one.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether a path can only be that of a folder, as `x/` and `x/.` can.
pub(crate) fn names_a_folder(path: &Path) -> bool {
    let mut bytes = path.as_os_str().as_encoded_bytes();
    if let [.., before, b'.'] = bytes
        && path::is_separator(char::from(*before))
    {
        bytes = &bytes[..bytes.len() - 1];
    }
    bytes.last().is_some_and(|&last| path::is_separator(char::from(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_told_by_their_end() {
        for folder in ["x/", "x/.", "./", "/"] {
            assert!(names_a_folder(Path::new(folder)), "{folder}");
        }
        for other in ["x", "x.", ".x", "x/.y", "x/y", "x/..", ""] {
            assert!(!names_a_folder(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn a_bare_name_lies_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("x")), Path::new("."));
        assert_eq!(folder_of(Path::new("y/x")), Path::new("y"));
        assert_eq!(folder_of(Path::new("/x")), Path::new("/"));
        assert_eq!(folder_of(Path::new("")), Path::new("."));
    }
}

//! Symbolic links, followed to an end that need not exist.

use std::fs;
use std::path::{Path, PathBuf};

use crate::descriptor::Descriptor;
use crate::path_text::folder_of;

/// Links that are followed one after the other before they count as a circle, as in Linux.
const MOST_LINKS: usize = 40;

/// Returns the path at the end of the links that begin at `path`.
///
/// A descriptor is an end: its link may show a name that is gone, or that never was one, as `pipe:[7]`.
/// Of a circle some link is returned, which the system then refuses.
pub(crate) fn follow_links(path: &Path) -> PathBuf {
    let mut end = path.to_owned();
    for _ in 0..MOST_LINKS {
        if Descriptor::of(&end).is_some() {
            break;
        }
        let Ok(next) = fs::read_link(&end) else { break };
        end = folder_of(&end).join(next);
    }
    end
}

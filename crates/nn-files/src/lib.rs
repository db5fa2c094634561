//! Files written whole or not at all, and read only within bounds.
//!
//! - [`replace_file`]: a write after which the old file or the new one is there, whole, whatever
//!   fails or kills the process meanwhile. Links are followed, permissions and owner are kept, and a
//!   device, a FIFO or `/dev/stdout` is written into, never replaced.
//! - [`append_to_file`]: a line more at the end of a log.
//! - [`expect_writable`], [`create_folder`], [`is_same_file`], [`is_stdout`]: what a command asks about
//!   an output path before it works for hours.
//! - [`sweep_partial_files`]: removes what killed writers have left.
//! - [`BoundedFile`] and [`read_at_most`]: no more memory than a limit, whatever a file claims to be.
//! - [`watch_file_operations`]: lets a test make any operation of a write fail.
//!
//! Each write of the workspace goes through this crate; `tests/every_write.rs` searches the sources for
//! others.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("notes.txt");
//! nn_files::replace_file(&path, |file| file.write_all(b"first\n"))?;
//! nn_files::append_to_file(&path, b"second\n")?;
//! assert_eq!(nn_files::read_at_most(&path, 1 << 20)?, b"first\nsecond\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod append;
mod bounded_read;
mod descriptor;
mod destination;
mod file_operations;
mod folder;
mod identity;
mod links;
mod partial_file;
mod path_text;
mod replace;
mod writable;

pub use append::append_to_file;
pub use bounded_read::{BoundedFile, BoundedReadError, read_at_most};
pub use file_operations::{FileOperation, watch_file_operations};
pub use folder::create_folder;
pub use identity::{is_same_file, is_stdout};
pub use partial_file::{remove_if_abandoned, sweep_partial_files};
pub use replace::replace_file;
pub use writable::expect_writable;

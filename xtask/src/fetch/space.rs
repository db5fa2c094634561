//! Free disk space.

use std::path::Path;

/// Returns the bytes that this user can write to the disk of `dir`; `None` if the system does not say.
#[cfg(unix)]
#[must_use]
pub fn free(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Returns `None`: the free space is not known on this system.
#[cfg(not(unix))]
#[must_use]
pub fn free(_dir: &Path) -> Option<u64> {
    None
}

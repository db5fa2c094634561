//! Free space of a disk.

use std::path::Path;

/// Bytes that this user can still write to the disk that holds `dir`; `None` where the system does not tell.
#[cfg(unix)]
#[must_use]
pub fn free(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Bytes that this user can still write to the disk that holds `dir`: not known on this system.
#[cfg(not(unix))]
#[must_use]
pub fn free(_dir: &Path) -> Option<u64> {
    None
}

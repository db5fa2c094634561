//! Paths that settings keep.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A path in a file of settings: text, or where it is no UTF-8, which TOML cannot hold, its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(crate) struct SavedPath(pub(crate) PathBuf);

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a path in quotes, or the list of its bytes")]
enum Written {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Written> for SavedPath {
    fn from(written: Written) -> Self {
        Self(match written {
            Written::Text(text) => text.into(),
            Written::Bytes(bytes) => path_of(bytes),
        })
    }
}

impl From<SavedPath> for Written {
    fn from(path: SavedPath) -> Self {
        match path.0.into_os_string().into_string() {
            Ok(text) => Self::Text(text),
            Err(other) => Self::Bytes(other.into_encoded_bytes()),
        }
    }
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

/// Only Unix says what bytes a path is made of.
#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn any_path_is_written_and_read_back() {
        for name in [&b"data/mnist"[..], "dönt".as_bytes(), b"caf\xe9/data", b"\xff"] {
            let path = SavedPath(std::ffi::OsStr::from_bytes(name).into());
            let table =
                toml::Table::from_iter([("p".to_owned(), toml::Value::try_from(&path).unwrap())]);
            let read: toml::Table = toml::from_str(&table.to_string()).unwrap();
            assert_eq!(read["p"].clone().try_into::<SavedPath>().unwrap(), path);
            assert_eq!(read["p"].is_str(), std::str::from_utf8(name).is_ok());
        }
    }
}

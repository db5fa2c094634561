//! `cargo xtask fetch-data`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::fetch::{self, DataSet, FASHION_MNIST, KMNIST, Limits, MNIST, Request};
use crate::say;

/// Options of `cargo xtask fetch-data`.
#[derive(Debug, Args)]
pub struct Options {
    /// Data set
    #[arg(value_enum, default_value = "mnist")]
    pub set: SetName,

    /// Folder that receives the four files [default: data/NAME in the workspace]
    #[arg(long)]
    pub dir: Option<PathBuf>,

    /// Copy the files, plain or .gz, from this folder instead of downloading them
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mirrors", "offline"])]
    pub from: Option<PathBuf>,

    /// Download from this URL instead of the built-in mirrors; may be given several times
    #[arg(long = "mirror", value_name = "URL", value_parser = mirror)]
    pub mirrors: Vec<String>,

    /// Do not use the network: succeed only if all files are present and valid
    #[arg(long, conflicts_with = "mirrors")]
    pub offline: bool,
}

/// A data set that `fetch-data` can fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SetName {
    /// Handwritten digits
    Mnist,
    /// Images of clothing
    FashionMnist,
    /// Cursive Japanese characters (no checksum to compare with)
    Kmnist,
}

impl SetName {
    /// Returns the description of this data set.
    #[must_use]
    pub fn data_set(self) -> &'static DataSet {
        match self {
            Self::Mnist => &MNIST,
            Self::FashionMnist => &FASHION_MNIST,
            Self::Kmnist => &KMNIST,
        }
    }
}

/// Fetches the data set and prints the path and checksum of each file.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Error> {
    let set = options.set.data_set();
    let dir = options.dir.clone().unwrap_or_else(|| fetch::default_dir(root, set));
    let request = Request {
        set,
        dir: &dir,
        from: options.from.as_deref(),
        mirrors: &options.mirrors,
        offline: options.offline,
        note: say::note,
    };
    let fetched = fetch::fetch(&request, &Limits::default())?;
    fetch::report(set, &fetched);
    Ok(())
}

/// Parses the URL of a folder; adds a missing `/` at the end.
fn mirror(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.trim_matches('/').is_empty() => {
            Ok(format!("{}/", text.trim_end_matches('/')))
        }
        _ => Err("expected the URL of a folder: https://HOST/PATH/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_urls_of_folders() {
        assert_eq!(mirror("https://a.example/x").as_deref(), Ok("https://a.example/x/"));
        assert_eq!(mirror("http://127.0.0.1:80/").as_deref(), Ok("http://127.0.0.1:80/"));
        for text in ["", "ftp://a.example/", "a.example", "https://", "http:///"] {
            assert!(mirror(text).is_err(), "{text}");
        }
    }
}

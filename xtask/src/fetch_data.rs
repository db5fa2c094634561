//! `cargo xtask fetch-data`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::fetch::{self, DataSet, FASHION_MNIST, KMNIST, Limits, MNIST, Request};
use crate::say;

/// Options of `fetch-data`.
#[derive(Debug, Args)]
pub struct Options {
    /// Which data set
    #[arg(value_enum, default_value = "mnist")]
    pub set: SetName,

    /// Folder that receives the four files [default: data/NAME in the workspace]
    #[arg(long)]
    pub dir: Option<PathBuf>,

    /// Copy from this folder (plain or .gz files) instead of downloading
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mirrors", "offline"])]
    pub from: Option<PathBuf>,

    /// Web folder to use instead of the built-in ones; may be given several times
    #[arg(long = "mirror", value_name = "URL", value_parser = mirror)]
    pub mirrors: Vec<String>,

    /// Make no request: succeed only if the valid files are there
    #[arg(long, conflicts_with = "mirrors")]
    pub offline: bool,
}

/// The data sets that `fetch-data` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SetName {
    /// Handwritten digits
    Mnist,
    /// Pictures of clothes
    FashionMnist,
    /// Cursive Japanese characters (no pinned hash)
    Kmnist,
}

impl SetName {
    /// The table entry of this name.
    #[must_use]
    pub fn data_set(self) -> &'static DataSet {
        match self {
            Self::Mnist => &MNIST,
            Self::FashionMnist => &FASHION_MNIST,
            Self::Kmnist => &KMNIST,
        }
    }
}

/// Fetches the data set and reports where it lies.
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

/// Reads a web folder; a missing `/` at its end is added.
fn mirror(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.trim_matches('/').is_empty() => {
            Ok(format!("{}/", text.trim_end_matches('/')))
        }
        _ => Err("a mirror is the address of a folder: https://HOST/PATH/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_folders_on_the_web() {
        assert_eq!(mirror("https://a.example/x").as_deref(), Ok("https://a.example/x/"));
        assert_eq!(mirror("http://127.0.0.1:80/").as_deref(), Ok("http://127.0.0.1:80/"));
        for text in ["", "ftp://a.example/", "a.example", "https://", "http:///"] {
            assert!(mirror(text).is_err(), "{text}");
        }
    }
}

//! `cargo xtask fetch-data`.

use std::path::Path;

use crate::cli::FetchData;
use crate::error::Error;
use crate::fetch::{self, Limits, Request};
use crate::say;

/// Fetches the data set and reports where it lies.
pub(crate) fn run(root: &Path, options: &FetchData) -> Result<(), Error> {
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

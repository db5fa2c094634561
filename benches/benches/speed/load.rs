//! Reading data: MNIST as gzip and unpacked, where it has been fetched, and the embedded sample.

use crate::measure::Selection;
use nn_benches::{Table, digits, repeat, thousands};
use nn_data::{Compression, TrainTest, embedded_sample, load_folder, write_folder};

/// The files are written for the purpose, so that both forms are there, and read from the page cache.
pub(crate) fn benches(selection: &Selection) {
    let (data, name) = digits().expect("the data is readable");
    let heading = ["what", "seconds", "MB/s of pixels", "images/s"];
    let mut table = Table::new("Loading, from the page cache", &heading);
    for (form, compression) in [("gzip", Compression::Gzip), ("unpacked", Compression::None)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_folder(folder.path(), &data, compression).expect("room for the files");
        let load = || load_folder(folder.path()).expect("they have just been written");
        one(selection, &mut table, &format!("{name} {form}"), load);
    }
    let sample = || embedded_sample().expect("it is compiled in");
    one(selection, &mut table, "embedded sample", sample);
    table.print();
}

fn one(selection: &Selection, table: &mut Table, name: &str, load: impl Fn() -> TrainTest) {
    let loaded = load();
    let images = (loaded.train.len() + loaded.test.len()) as f64;
    let bytes = images * loaded.train.input_width() as f64;
    let seconds = selection.time(&format!("load/{name}"), 3.0, |times| repeat(times, &load));
    if let Some(seconds) = seconds {
        let rate = thousands(bytes / seconds / 1e6);
        table.row([name.to_owned(), format!("{seconds:.4}"), rate, thousands(images / seconds)]);
    }
}

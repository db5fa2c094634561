#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nn_torture::readers::gzip(bytes));

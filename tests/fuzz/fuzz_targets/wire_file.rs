//! See `wireline_fuzz::targets::wire_file`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::wire_file(data));

//! See `wireline_fuzz::targets::url_and_target`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::url_and_target(data));

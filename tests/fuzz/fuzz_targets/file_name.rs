//! See `wireline_fuzz::targets::file_name`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::file_name(data));

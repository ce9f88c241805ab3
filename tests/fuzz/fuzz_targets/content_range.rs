//! See `wireline_fuzz::targets::content_range`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::content_range(data));

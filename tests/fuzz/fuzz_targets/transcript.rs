//! See `wireline_fuzz::targets::transcript`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::transcript(data));

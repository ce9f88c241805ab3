//! See `wireline_fuzz::targets::message`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::message(data));

//! See `wireline_fuzz::targets::sasl`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::sasl(data));

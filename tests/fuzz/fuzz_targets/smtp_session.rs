//! See `wireline_fuzz::targets::smtp_session`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::smtp_session(data));

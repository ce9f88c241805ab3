//! See `wireline_fuzz::targets::smtp_reply`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::smtp_reply(data));

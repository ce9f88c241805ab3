//! See `wireline_fuzz::targets::mail_address`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::mail_address(data));

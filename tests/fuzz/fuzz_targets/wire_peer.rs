//! See `wireline_fuzz::targets::wire_peer`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wireline_fuzz::targets::wire_peer(data));

//! See `wireline_fuzz::targets::head` and `wireline_fuzz::differential::head`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    wireline_fuzz::targets::head(data);
    wireline_fuzz::differential::head(data);
});

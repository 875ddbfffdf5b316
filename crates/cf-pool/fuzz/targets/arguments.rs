//! Fuzzes `arguments`; see the README beside.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| cf_pool_fuzz::arguments(input));

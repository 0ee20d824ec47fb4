#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bridgewalk_agent::fuzz::nf_tables(bytes));

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bridgewalk_collector::engine_answers(bytes));

#![no_main]

use std::io::Write;

use bridgewalk_model::recording::Recording;
use flate2::{Compression, write::GzEncoder};

// A file as it is; and the lines in it, compressed in order, or no mutation would come past the decompression.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"\x1f\x8b") {
        read(bytes);
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    if encoder.write_all(bytes).is_ok()
        && let Ok(compressed) = encoder.finish()
    {
        read(&compressed);
    }
});

fn read(bytes: &[u8]) {
    if let Ok((recording, _)) = Recording::salvage(bytes) {
        let snapshot = recording.last_snapshot();
        drop(snapshot);
    }
}

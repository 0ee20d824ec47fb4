//! A ZIP archive, as far as office documents need one: no dates, no attributes, the same parts give the same bytes.

use std::io::Write as _;

use flate2::{Compression, Crc, write::DeflateEncoder};

/// 1 January 1980, the earliest date there is.
const DATE: u16 = 0x21;
/// Deflate.
const METHOD: u16 = 8;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// The version of the specification that is needed to read it: 2.0.
const VERSION: u16 = 20;

/// An archive being written.
#[derive(Default)]
pub(super) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    /// Adds a part.
    ///
    /// # Errors
    /// If it, or the archive, is larger than 4 GiB.
    pub(super) fn add(&mut self, name: &str, content: &str) -> std::io::Result<()> {
        let too_big = |_| std::io::Error::from(std::io::ErrorKind::FileTooLarge);
        let mut crc = Crc::new();
        crc.update(content.as_bytes());
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content.as_bytes())?;
        let packed = encoder.finish()?;
        let mut common = Vec::with_capacity(26);
        for value in [VERSION, FLAGS, METHOD, 0, DATE] {
            common.extend(value.to_le_bytes());
        }
        common.extend(crc.sum().to_le_bytes());
        common.extend(u32::try_from(packed.len()).map_err(too_big)?.to_le_bytes());
        common.extend(u32::try_from(content.len()).map_err(too_big)?.to_le_bytes());
        common.extend(u16::try_from(name.len()).map_err(too_big)?.to_le_bytes());
        common.extend(0_u16.to_le_bytes());

        let offset = u32::try_from(self.bytes.len()).map_err(too_big)?;
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);

        self.directory.extend(b"PK\x01\x02");
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&common);
        // Comment's length, disk, internal and external attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count += 1;
        Ok(())
    }

    /// The archive.
    ///
    /// # Errors
    /// If it is larger than 4 GiB.
    pub(super) fn finish(mut self) -> std::io::Result<Vec<u8>> {
        let too_big = |_| std::io::Error::from(std::io::ErrorKind::FileTooLarge);
        let offset = u32::try_from(self.bytes.len()).map_err(too_big)?;
        let length = u32::try_from(self.directory.len()).map_err(too_big)?;
        self.bytes.extend(&self.directory);
        self.bytes.extend(b"PK\x05\x06");
        self.bytes.extend([0; 4]);
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(offset.to_le_bytes());
        self.bytes.extend(0_u16.to_le_bytes());
        Ok(self.bytes)
    }
}

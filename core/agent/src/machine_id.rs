//! Which machine this is: `machine-id(5)`, hashed.
//!
//! The id itself is confidential: anybody who knows it can recognise the machine elsewhere. What leaves this module is a hash
//! under an id of our own, as `sd_id128_get_machine_app_specific(3)` makes it: always the same for one machine, and of no
//! use to anybody else.

use std::{
    fs::File,
    io::{self, Read},
};

use bridgewalk_model::HostFacts;
use sha2::{Digest, Sha256};

use crate::root::Root;

/// Where the id is (`machine-id(5)`).
const FILE: &str = "/etc/machine-id";
/// The file has 33 bytes; of another no more is read.
const MAX_BYTES: usize = 64;
/// The block that SHA-256 works on, in bytes.
const BLOCK_BYTES: usize = 64;

/// The hash of this machine's id; none: it has none, or we may not see it. A container that has no such file asks for that of
/// the first process, if it may look below its root.
pub(crate) fn read() -> Option<String> {
    let id = own().ok().and_then(|text| parse(&text)).or_else(|| parse(&first_processes()?))?;
    Some(hashed(id, parse(HostFacts::MACHINE_ID_APPLICATION.as_bytes())?))
}

fn own() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(FILE)?.take(MAX_BYTES as u64).read_to_end(&mut text)?;
    Ok(text)
}

fn first_processes() -> Option<Vec<u8>> {
    Some(Root::of(1).ok()?.read(FILE, MAX_BYTES).ok()??.bytes)
}

/// 32 hexadecimal digits, as a UUID or without its dashes; all zero is none.
fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let digits: String = std::str::from_utf8(text).ok()?.trim_end().chars().filter(|one| *one != '-').collect();
    let is_hexadecimal = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(&digits, 16).ok().filter(|number| is_hexadecimal && *number != 0)?;
    Some(number.to_be_bytes())
}

/// HMAC-SHA-256 (RFC 2104) of `application` with the key `machine`, its first half, marked as a random UUID (RFC 9562).
fn hashed(machine: [u8; 16], application: [u8; 16]) -> String {
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK_BYTES];
        block.iter_mut().zip(machine).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(application).finalize();
    let outer = Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize();
    let half = outer.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let (version, variant) = (0xf_u128 << 76, 0b11_u128 << 62);
    format!("{:032x}", (half & !version & !variant) | (0x4 << 76) | (0b10 << 62))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What systemd 252 made of them.
    #[test]
    fn hashes_as_systemd_does() {
        let application = parse(HostFacts::MACHINE_ID_APPLICATION.as_bytes()).unwrap();
        let machine = parse(b"00112233445566778899aabbccddeeff\n").unwrap();
        assert_eq!(hashed(machine, application), "6f7fe232f17246b3aa4f9af80af6e319");
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in
            ["", "uninitialized\n", "00000000000000000000000000000000\n", "+0112233445566778899aabbccddeeff", "é"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(&[0xff; 32]), None);
    }

    /// The machine that tests may have none.
    #[test]
    fn the_id_itself_is_not_told() {
        let own = own().ok().filter(|text| parse(text).is_some());
        assert_eq!(read().is_some(), own.is_some() || first_processes().is_some_and(|text| parse(&text).is_some()));
        if let (Some(told), Some(own)) = (read(), own) {
            assert_ne!(parse(told.as_bytes()), parse(&own));
        }
    }
}

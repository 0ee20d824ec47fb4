//! Netlink attributes (`struct nlattr`): type, length, value, padded to four bytes.
//!
//! Everything is read with bounds, in the byte order in which the kernel writes it; what is too short is `None`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bridgewalk_model::MacAddress;

/// `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER` are no part of a type.
const NLA_TYPE_MASK: u16 = 0x3fff;

/// The attributes in a stretch of bytes, in order; ends at the first that does not fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'a>(pub(crate) &'a [u8]);

impl<'a> Attributes<'a> {
    /// The attributes behind a fixed header of `header_len` bytes.
    pub(crate) fn after(message: &'a [u8], header_len: usize) -> Self {
        Self(message.get(header_len..).unwrap_or_default())
    }

    /// The value of the first attribute of this type.
    pub(crate) fn find(self, kind: u16) -> Option<&'a [u8]> {
        self.into_iter().find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// The attributes nested in the first attribute of this type; none if there is none.
    pub(crate) fn nested(self, kind: u16) -> Self {
        Self(self.find(kind).unwrap_or_default())
    }
}

impl<'a> IntoIterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);
    type IntoIter = AttributeIterator<'a>;

    fn into_iter(self) -> AttributeIterator<'a> {
        AttributeIterator(self.0)
    }
}

/// Iterates over attributes.
pub(crate) struct AttributeIterator<'a>(&'a [u8]);

impl<'a> Iterator for AttributeIterator<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let len = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & NLA_TYPE_MASK;
        let value = self.0.get(4..len)?;
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// Bytes of a request, put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body(pub(crate) Vec<u8>);

impl Body {
    /// A fixed header.
    pub(crate) fn new(header: &[u8]) -> Self {
        Self(header.to_vec())
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&len.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A byte.
pub(crate) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Two bytes in the machine's order.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_ne_bytes)
}

/// Two bytes in the network's order.
pub(crate) fn be16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_be_bytes)
}

/// Four bytes in the machine's order.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_ne_bytes)
}

/// Four bytes in the machine's order, signed.
pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    array_at(bytes, at).map(i32::from_ne_bytes)
}

/// Eight bytes in the machine's order.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_ne_bytes)
}

/// Text up to its first NUL.
pub(crate) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

/// An address of four or sixteen bytes.
pub(crate) fn ip(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => array_at::<4>(value, 0).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes))),
        16 => array_at::<16>(value, 0).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes))),
        _ => None,
    }
}

/// An Ethernet address.
pub(crate) fn mac(value: &[u8]) -> Option<MacAddress> {
    value.try_into().ok().map(MacAddress)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_is_written() {
        let body = Body::new(&[9; 4]).with(3, b"eth0\0").with(0x8000 | 7, &5_u32.to_ne_bytes());
        let attributes = Attributes::after(&body.0, 4);
        assert_eq!(attributes.find(3).map(text).as_deref(), Some("eth0"));
        assert_eq!(attributes.find(7).and_then(|value| u32_at(value, 0)), Some(5));
        assert_eq!(attributes.find(8), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Attributes(&bytes).into_iter().count() <= bytes.len() / 4);
        }
    }
}

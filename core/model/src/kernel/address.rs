//! Addresses of interfaces (`RTM_NEWADDR`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// One address on one interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// `ifa_index`.
    pub if_index: u32,
    /// `IFA_LOCAL`, else `IFA_ADDRESS`.
    pub address: IpAddr,
    /// `ifa_prefixlen`.
    pub prefix_len: u8,
    /// `IFA_ADDRESS` where it differs from `IFA_LOCAL`: the other end of a point-to-point link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<IpAddr>,
    /// `IFA_BROADCAST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<IpAddr>,
    /// `ifa_scope`.
    pub scope: AddressScope,
    /// `IFA_F_SECONDARY` (IPv4) or `IFA_F_TEMPORARY` (IPv6).
    pub is_secondary: bool,
    /// `IFA_F_TENTATIVE` or `IFA_F_DADFAILED`: cannot be used yet, or ever.
    pub is_tentative: bool,
}

/// How far an address is valid (`ifa_scope`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressScope {
    /// Everywhere.
    #[default]
    Global,
    /// Within the site.
    Site,
    /// On the link.
    Link,
    /// On this host.
    Host,
    /// Nowhere, or another number.
    Nowhere,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

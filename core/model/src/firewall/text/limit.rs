//! nf_tables' `limit`, which is kept raw since no packet can be judged by it, but whose text is known.

/// `NFTA_LIMIT_*`.
pub(super) struct Limit {
    pub(super) rate: u64,
    pub(super) unit_s: u64,
    pub(super) burst: u64,
    pub(super) is_bytes: bool,
    pub(super) is_over: bool,
}

/// Reads the attributes (`struct nlattr`, numbers in the network's order).
pub(super) fn read(bytes: &[u8]) -> Option<Limit> {
    let mut values = [None; 6];
    let mut rest = bytes;
    while let [a, b, c, d, ..] = rest {
        let len = usize::from(u16::from_ne_bytes([*a, *b]));
        let kind = usize::from(u16::from_ne_bytes([*c, *d]) & 0x3fff);
        let number = rest.get(4..len)?.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        if let Some(value) = values.get_mut(kind) {
            *value = Some(number);
        }
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    let [_, rate, unit_s, burst, kind, flags] = values;
    let burst = burst.unwrap_or(0);
    Some(Limit { rate: rate?, unit_s: unit_s?, burst, is_bytes: kind == Some(1), is_over: flags.unwrap_or(0) & 1 != 0 })
}

//! `limit`, which is kept raw since no packet can be judged by it, but whose text is known.

fn be64(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

fn be32(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_be_bytes)
}

/// The attribute of this type (`struct nlattr`).
fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let len = usize::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(bytes.get(2..4)?.try_into().ok()?) & 0x3fff;
        let value = bytes.get(4..len)?;
        if kind == wanted {
            return Some(value);
        }
        bytes = bytes.get(len.next_multiple_of(4)..)?;
    }
}

/// `NFTA_LIMIT_*`: rate, unit in seconds, burst, whether of bytes, whether over it.
struct Limit {
    rate: u64,
    unit: &'static str,
    burst: u32,
    is_bytes: bool,
    is_over: bool,
}

fn read(bytes: &[u8]) -> Option<Limit> {
    let unit = match be64(attribute(bytes, 2)?)? {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86400 => "day",
        604_800 => "week",
        _ => return None,
    };
    Some(Limit {
        rate: be64(attribute(bytes, 1)?)?,
        unit,
        burst: attribute(bytes, 3).and_then(be32).unwrap_or(0),
        is_bytes: attribute(bytes, 4).and_then(be32) == Some(1),
        is_over: attribute(bytes, 5).and_then(be32).unwrap_or(0) & 1 != 0,
    })
}

/// As nft writes it.
pub(super) fn nft(name: &str, bytes: &[u8]) -> Option<String> {
    let limit = (name == "limit").then(|| read(bytes))??;
    if limit.is_bytes {
        return None;
    }
    let over = if limit.is_over { "over " } else { "" };
    let mut text = format!("limit rate {over}{}/{}", limit.rate, limit.unit);
    if limit.burst != 0 {
        text += &format!(" burst {} packets", limit.burst);
    }
    Some(text)
}

/// As iptables writes it, from nf_tables' own or from `struct xt_rateinfo`.
pub(super) fn iptables(name: &str, bytes: &[u8]) -> Option<String> {
    let (rate, unit, burst) = match name {
        "limit" => {
            let limit = read(bytes).filter(|limit| !limit.is_over && !limit.is_bytes)?;
            let unit = match limit.unit {
                "second" => "sec",
                "minute" => "min",
                unit => unit,
            };
            (limit.rate, unit, limit.burst)
        }
        "xt_match limit" => {
            let word = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
            let (period, burst) = (word(0)?, word(4)?);
            // In ten-thousandths of a second between two packets; the largest unit in which it is a whole number.
            let units = [(864_000_000_u32, "day"), (36_000_000, "hour"), (600_000, "min"), (10_000, "sec")];
            let mut found = units[0];
            for unit in units.into_iter().skip(1) {
                if period == 0 || period > unit.0 || unit.0 / period < unit.0 % period {
                    break;
                }
                found = unit;
            }
            (u64::from(found.0.checked_div(period)?), found.1, burst)
        }
        _ => return None,
    };
    let mut text = format!("-m limit --limit {rate}/{unit}");
    if burst != 5 {
        text += &format!(" --limit-burst {burst}");
    }
    Some(text)
}

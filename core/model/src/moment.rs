//! A moment in words that every language reads.

const DAY_S: u64 = 86_400;

/// `at_ms` as a time of day in UTC, `14:03:12Z`, with its date where that is not the day of `now_ms`. Both are milliseconds
/// since 1970-01-01 UTC.
pub fn moment(at_ms: u64, now_ms: u64) -> String {
    let seconds = at_ms / 1000;
    let (day, second) = (seconds / DAY_S, seconds % DAY_S);
    let clock = format!("{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
    if day == now_ms / 1000 / DAY_S {
        return clock;
    }
    let (year, month, day) = date(day);
    format!("{year}-{month:02}-{day:02} {clock}")
}

/// The date of a day since 1970-01-01, by the Gregorian calendar (Hinnant's `civil_from_days`).
const fn date(day: u64) -> (u64, u64, u64) {
    let shifted = day + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_said_where_it_is_another() {
        const NOW: u64 = 1_700_000_000_123;
        assert_eq!(moment(NOW, NOW), "22:13:20Z");
        assert_eq!(moment(NOW - 86_400_000, NOW), "2023-11-13 22:13:20Z");
        assert_eq!(moment(1_709_164_800_000, NOW), "2024-02-29 00:00:00Z");
        assert_eq!(moment(0, NOW), "1970-01-01 00:00:00Z");
    }
}

//! A time in the form of C's `asctime`, for the first line of a message in an mbox.
//! Must not hold: the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `Thu Jan  1 00:00:00 1970`, in UTC.
pub(crate) fn asctime(time: SystemTime) -> String {
    let seconds = since_epoch(time).as_secs();
    let (days, clock) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    let (year, month, day) = civil(days);
    format!(
        "{} {} {day:2} {:02}:{:02}:{:02} {year}",
        name(&WEEKDAYS, days % 7),
        name(&MONTHS, month),
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )
}

/// A time before 1970 is 1970.
pub(crate) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Year, month from 0, day from 1, in the Gregorian calendar. Counted from 1 March of year 0, so
/// that a leap day ends its year; 719,468 days before 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let after_december = month / 10;
    (era * 400 + year + after_december, (month + 2) % 12, day - (153 * month + 2) / 5 + 1)
}

fn name(names: &[&'static str], number: u64) -> &'static str {
    usize::try_from(number).ok().and_then(|number| names.get(number)).copied().unwrap_or_default()
}

pub(crate) const DAY_SECONDS: u64 = 24 * 60 * 60;

/// From the first day of 1970.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let table = [
            (0, "Thu Jan  1 00:00:00 1970"),
            (951_782_399, "Mon Feb 28 23:59:59 2000"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (951_868_800, "Wed Mar  1 00:00:00 2000"),
            (1_735_689_599, "Tue Dec 31 23:59:59 2024"),
            (1_735_689_600, "Wed Jan  1 00:00:00 2025"),
            (4_107_542_400, "Mon Mar  1 00:00:00 2100"),
        ];
        for (seconds, shown) in table {
            assert_eq!(asctime(UNIX_EPOCH + Duration::from_secs(seconds)), shown);
        }
        assert_eq!(asctime(UNIX_EPOCH - Duration::from_secs(1)), table[0].1);
    }
}

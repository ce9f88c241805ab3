//! How fast bytes may go, one direction of one connection: a bucket that fills with time.
//! Must not hold: sleeping, or sockets.

use std::time::{Duration, Instant};

/// Bytes may go while there is credit; it grows with time, up to a quarter of a second's worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    bytes_per_second: u64,
    /// In byte nanoseconds per second, so that nothing is rounded away.
    credit: u128,
    counted: Instant,
}

const NANOS: u128 = 1_000_000_000;

impl Rate {
    /// At least 1 byte a second, from now on.
    pub(crate) fn new(bytes_per_second: u64, now: Instant) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), credit: 0, counted: now }
    }

    /// The most that goes in one piece: a quarter of a second's worth.
    pub(crate) fn piece(&self) -> u64 {
        (self.bytes_per_second / 4).max(1)
    }

    /// How many bytes may go now. Less than the sixteenth of a second's worth is none yet: that
    /// bounds the number of steps.
    pub(crate) fn room(&self, now: Instant) -> u64 {
        let room = u64::try_from(self.credit(now) / NANOS).unwrap_or(u64::MAX);
        if room < self.least() { 0 } else { room }
    }

    /// How long until there is room; `None` when there is.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        let missing = (u128::from(self.least()) * NANOS).saturating_sub(self.credit(now));
        let nanos = missing.div_ceil(u128::from(self.bytes_per_second));
        (nanos > 0).then(|| Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    /// So many bytes have gone.
    pub(crate) fn spend(&mut self, bytes: u64, now: Instant) {
        self.credit = self.credit(now).saturating_sub(u128::from(bytes) * NANOS);
        self.counted = now;
    }

    fn least(&self) -> u64 {
        (self.bytes_per_second / 16).max(1)
    }

    fn credit(&self, now: Instant) -> u128 {
        let passed = now.saturating_duration_since(self.counted).as_nanos();
        let grown = self.credit + passed * u128::from(self.bytes_per_second);
        grown.min(u128::from(self.piece()) * NANOS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the rate: never faster, hardly slower, in pieces of at most a quarter of a second.
    #[test]
    fn a_bucket_keeps_its_rate() {
        for rate in [1, 3, 100, 4_096, 1_000_003, 10_000_000_000] {
            let begun = Instant::now();
            let (mut bucket, mut now, mut sent) = (Rate::new(rate, begun), begun, 0);
            for _ in 0..1000 {
                now += bucket.pause(now).unwrap_or_default();
                let room = bucket.room(now);
                assert!(room > 0 && room <= (rate / 4).max(1), "{rate}: {room}");
                bucket.spend(room, now);
                sent += room;
                let allowed = u128::from(rate) * (now - begun).as_nanos() / NANOS;
                assert!(u128::from(sent) <= allowed && u128::from(sent) + 1 >= allowed, "{rate}");
            }
        }
    }

    #[test]
    fn silence_saves_up_a_quarter_of_a_second() {
        let begun = Instant::now();
        let mut bucket = Rate::new(1000, begun);
        assert_eq!(bucket.room(begun), 0);
        let later = begun + Duration::from_secs(60);
        assert_eq!((bucket.room(later), bucket.pause(later)), (250, None));
        bucket.spend(250, later);
        assert_eq!(bucket.pause(later), Some(Duration::from_millis(62)));
    }
}

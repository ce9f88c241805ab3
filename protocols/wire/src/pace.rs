//! Whether a transfer is too slow to be waited for.
//! Must not hold: what counts as a transfer (the clock knows), or any wait.

use std::time::{Duration, Instant};

/// The least speed of a transfer, on the average of the last `over`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// Bytes a second, both directions together; 0 is never too slow.
    pub bytes_per_second: u64,
    /// How long it may be slower.
    pub over: Duration,
}

/// The bytes of the time that is looked back on, in slices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) slowest: Slowest,
    begun: Instant,
    /// The number of a slice since the beginning, and its bytes.
    slices: [(u64, u64); KEPT],
}

/// Slices of the time that is looked back on; the one that is not over comes on top.
const SLICES: u32 = 8;
const KEPT: usize = 9;

impl Pace {
    pub(crate) fn new(slowest: Slowest, now: Instant) -> Self {
        Self { slowest, begun: now, slices: [(0, 0); KEPT] }
    }

    pub(crate) fn moved(&mut self, bytes: u64, now: Instant) {
        let number = self.number(now);
        let place = usize::try_from(number).unwrap_or_default() % KEPT;
        let Some(slice) = self.slices.get_mut(place) else { return };
        if slice.0 != number {
            *slice = (number, 0);
        }
        slice.1 = slice.1.saturating_add(bytes);
    }

    /// How long until this is worth another look; `None` when the transfer is too slow.
    pub(crate) fn next_look(&self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.begun);
        if passed >= self.slowest.over && self.recent(now) < self.wanted() {
            return None;
        }
        let number = u32::try_from(self.number(now) + 1).unwrap_or(u32::MAX);
        Some(self.slice().saturating_mul(number).saturating_sub(passed).max(SHORTEST))
    }

    fn wanted(&self) -> u128 {
        u128::from(self.slowest.bytes_per_second) * self.slowest.over.as_millis() / 1000
    }

    fn recent(&self, now: Instant) -> u128 {
        let number = self.number(now);
        let recent = self.slices.iter().filter(|slice| slice.0 + u64::from(SLICES) >= number);
        recent.map(|slice| u128::from(slice.1)).sum()
    }

    fn number(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.begun).as_nanos();
        u64::try_from(passed / self.slice().as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    fn slice(&self) -> Duration {
        (self.slowest.over / SLICES).max(SHORTEST)
    }
}

const SHORTEST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// When transfers of so many bytes every 100 ms are given up, a limit of 1000 bytes/s over 2 s.
    #[test]
    fn what_is_too_slow() {
        let slowest = Slowest { bytes_per_second: 1000, over: Duration::from_secs(2) };
        let ends = |speed: &dyn Fn(u64) -> u64| {
            let begun = Instant::now();
            let mut pace = Pace::new(slowest, begun);
            (1..1000_u64).find(|&step| {
                let now = begun + Duration::from_millis(step * 100);
                pace.moved(speed(step), now);
                pace.next_look(now).is_none()
            })
        };
        assert_eq!(ends(&|_| 100), None, "just fast enough");
        assert_eq!(ends(&|_| 0), Some(20), "silent");
        assert_eq!(ends(&|_| 80), Some(20), "a little too slow");
        assert_eq!(ends(&|step| if step % 15 == 0 { 2500 } else { 0 }), None, "in bursts");
        let stalls = ends(&|step| if step <= 50 { 1000 } else { 0 }).unwrap();
        assert!((70..=73).contains(&stalls), "a stall after 5 s ends after 2 s more: {stalls}");
    }

    #[test]
    fn looks_are_few_and_never_at_once() {
        let begun = Instant::now();
        let none = Slowest { bytes_per_second: 0, over: Duration::ZERO };
        assert_eq!(Pace::new(none, begun).next_look(begun), Some(SHORTEST));
        let slowest = Slowest { bytes_per_second: 1, over: Duration::from_secs(8) };
        let pace = Pace::new(slowest, begun);
        assert_eq!(pace.next_look(begun), Some(Duration::from_secs(1)));
        let later = begun + Duration::from_millis(1700);
        assert_eq!(pace.next_look(later), Some(Duration::from_millis(300)));
    }
}

//! When a wait ends: the two kinds of deadline, and the clock that holds them.
//! Must not hold: what is being waited for (the caller names the phase), or any I/O.

use crate::pace::{Pace, Slowest};
use std::fmt;
use std::time::{Duration, Instant};

/// How long a wait may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Ends at this instant, whatever arrives before it. For a greeting, a line, a reply, a head,
    /// a handshake: progress does not extend it, so a peer that drips bytes gains nothing.
    By(Instant),
    /// Ends after this long without progress. For bodies and uploads; the whole is bounded
    /// by [`crate::Dialer::whole`] when one is set.
    Pause(Duration),
}

impl Deadline {
    /// A deadline this far from now that progress does not extend.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self::By(Instant::now() + limit)
    }

    /// A deadline that every byte of progress renews.
    #[must_use]
    pub const fn pause(limit: Duration) -> Self {
        Self::Pause(limit)
    }
}

/// What a connection is doing and until when it may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    phase: &'static str,
    deadline: Deadline,
    begun: Instant,
    whole: Option<Whole>,
    pace: Option<Pace>,
}

/// The time that everything together may take (`--max-time`).
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    begun: Instant,
    limit: Duration,
}

impl Whole {
    /// Starts counting now.
    #[must_use]
    pub fn starting_now(limit: Duration) -> Self {
        Self { begun: Instant::now(), limit }
    }

    /// What is left of it.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.end().saturating_duration_since(Instant::now())
    }

    fn end(self) -> Instant {
        self.begun + self.limit
    }
}

impl Clock {
    pub(crate) fn new(phase: &'static str, deadline: Deadline, whole: Option<Whole>) -> Self {
        Self { phase, deadline, begun: Instant::now(), whole, pace: None }
    }

    /// The same, giving up transfers that are too slow.
    pub(crate) fn no_slower_than(self, slowest: Option<Slowest>) -> Self {
        Self { pace: slowest.map(|slowest| Pace::new(slowest, self.begun)), ..self }
    }

    pub(crate) fn set(&mut self, phase: &'static str, deadline: Deadline) {
        let goes_on = self.is_transfer();
        (self.phase, self.deadline, self.begun) = (phase, deadline, Instant::now());
        if let Some(pace) = self.pace.as_mut().filter(|_| !goes_on) {
            *pace = Pace::new(pace.slowest, self.begun);
        }
    }

    /// So many bytes have gone, in either direction.
    pub(crate) fn moved(&mut self, bytes: u64) {
        let is_transfer = self.is_transfer();
        if let Some(pace) = self.pace.as_mut().filter(|_| is_transfer) {
            pace.moved(bytes, Instant::now());
        }
    }

    /// What progress extends is a transfer.
    const fn is_transfer(&self) -> bool {
        matches!(self.deadline, Deadline::Pause(_))
    }

    /// How long one wait beginning now may last.
    ///
    /// # Errors
    /// [`Expired`] when there is no time left.
    pub(crate) fn remaining(&self) -> Result<Duration, Expired> {
        let now = Instant::now();
        self.left_of(now, now)
    }

    /// How long a wait that began `since` may last until something has to be looked at again.
    ///
    /// # Errors
    /// [`Expired`] when there is no time left.
    pub(crate) fn left(&self, since: Instant) -> Result<Duration, Expired> {
        self.left_of(since, Instant::now())
    }

    fn left_of(&self, since: Instant, now: Instant) -> Result<Duration, Expired> {
        let own = match self.deadline {
            Deadline::By(end) => end.saturating_duration_since(now),
            Deadline::Pause(limit) => limit.saturating_sub(now.saturating_duration_since(since)),
        };
        let whole = self.whole.map(Whole::remaining);
        let left = whole.map_or(own, |whole| whole.min(own));
        if left.is_zero() {
            return Err(self.expired());
        }
        match self.pace.as_ref().filter(|_| self.is_transfer()) {
            Some(pace) => {
                pace.next_look(now).map(|look| look.min(left)).ok_or(Expired::Slow(pace.slowest))
            }
            None => Ok(left),
        }
    }

    /// Which of the limits has run out.
    pub(crate) fn expired(&self) -> Expired {
        let now = Instant::now();
        if let Some(whole) = self.whole.filter(|whole| whole.end() <= now) {
            return Expired::Whole { limit: whole.limit };
        }
        let after = match self.deadline {
            Deadline::By(end) => in_millis(end.saturating_duration_since(self.begun)),
            Deadline::Pause(limit) => limit,
        };
        Expired::Phase { phase: self.phase, after }
    }
}

/// The limit an instant was made from, some nanoseconds before it was set.
fn in_millis(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

/// A deadline has passed; travels inside an [`std::io::Error`] through rustls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    /// The deadline of what was being done.
    Phase { phase: &'static str, after: Duration },
    /// The deadline of everything together.
    Whole { limit: Duration },
    /// The least speed of a transfer.
    Slow(Slowest),
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase { phase, after } => write!(f, "{phase} took longer than {after:?}"),
            Self::Whole { limit } => write!(f, "all of it took longer than {limit:?}"),
            Self::Slow(Slowest { bytes_per_second, over }) => {
                write!(f, "slower than {bytes_per_second} bytes/s for {over:?}")
            }
        }
    }
}

impl std::error::Error for Expired {}

impl From<Expired> for std::io::Error {
    fn from(expired: Expired) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_extends_a_pause_and_nothing_else() {
        let past = Instant::now();
        let by = Clock::new("a line", Deadline::By(past), None);
        let expired = by.remaining().unwrap_err();
        assert!(matches!(expired, Expired::Phase { phase: "a line", .. }), "{expired:?}");
        let pause = Clock::new("a body", Deadline::pause(Duration::from_secs(7)), None);
        assert_eq!(pause.remaining(), Ok(Duration::from_secs(7)));
    }

    #[test]
    fn the_whole_bounds_both_kinds() {
        let whole = Some(Whole::starting_now(Duration::ZERO));
        let pause = Clock::new("a body", Deadline::pause(Duration::from_secs(7)), whole);
        assert_eq!(pause.remaining(), Err(Expired::Whole { limit: Duration::ZERO }));
    }
}

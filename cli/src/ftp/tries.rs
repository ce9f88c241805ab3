//! One session that is used again, and opened again when it is over; tries with pauses between them.
//! Must not hold: what is tried.

use super::Site;
use super::transfer::Trouble;
use crate::exit::Failure;
use crate::fetch::back_off;
use std::thread;
use wireline_ftp::Session;

/// A site, and the session with it as long as that lasts.
pub(crate) struct Tries<'a> {
    site: &'a Site,
    session: Option<Session>,
    /// How often what failed is tried again (`--retry`).
    retries: u32,
}

impl<'a> Tries<'a> {
    /// Nobody is dialled yet.
    pub(crate) const fn new(site: &'a Site, retries: u32) -> Self {
        Self { site, session: None, retries }
    }

    /// The session; a new one where there is none, or it is over.
    pub(crate) fn session(&mut self) -> Result<&mut Session, Trouble> {
        let session = match self.session.take().filter(|session| !session.is_over()) {
            Some(session) => session,
            None => self.site.open()?,
        };
        Ok(self.session.insert(session))
    }

    /// Does `job` until it is done or nothing helps any more. It is told how many tries are left.
    pub(crate) fn make<T>(
        &mut self,
        mut job: impl FnMut(&mut Session, u32) -> Result<T, Trouble>,
    ) -> Result<T, Failure> {
        let mut tries = 0;
        loop {
            let left = self.retries.saturating_sub(tries);
            let result = self.session().and_then(|session| job(session, left));
            let Trouble { failure, again } = match result {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            let pause = back_off(tries);
            let whole = self.site.dialer().whole;
            let in_time = whole.is_none_or(|whole| whole.remaining() > pause);
            if !again || left == 0 || !in_time {
                return Err(failure);
            }
            tries += 1;
            self.site.note_retry(&failure, tries + 1, pause);
            thread::sleep(pause);
        }
    }

    /// Says goodbye. What the server answers changes nothing any more.
    pub(crate) fn quit(self) {
        if let Some(session) = self.session.filter(|session| !session.is_over()) {
            drop(session.quit());
        }
    }
}

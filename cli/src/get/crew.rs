//! The transfers of one run, several at a time if that is wanted (`--jobs`).
//! Must not hold: what is transferred (`get.rs`), or how (`fetch.rs`).

use super::{Plan, verdict};
use crate::cookies::Crumbs;
use crate::exit::{Exit, Failure};
use crate::fetch::Fetcher;
use crate::mask::Mask;
use crate::meter::Meter;
use crate::plan;
use crate::watch::Watch;
use indicatif::MultiProgress;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use wireline_http::{Client, Limits};

/// Everybody who works at a plan.
pub(super) struct Crew<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) watch: &'a Watch,
    pub(super) mask: Arc<Mask>,
    pub(super) crumbs: Arc<Crumbs>,
}

impl Crew<'_> {
    /// Does all of it.
    pub(super) fn run(&self) -> Result<(), Failure> {
        let all = self.plan.requests.len();
        let workers = usize::from(self.plan.fetch.jobs).min(all);
        let bars = MultiProgress::new();
        let fetchers = (0..workers).map(|_| self.fetcher(&bars)).collect::<Result<Vec<_>, _>>()?;
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = |mut fetcher: Fetcher| {
            while let Some(nth) =
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|nth| *nth < all)
            {
                if let Err(failure) = self.plan.one(&mut fetcher, nth) {
                    self.tell(failure, &failed);
                }
            }
        };
        match workers {
            1 => fetchers.into_iter().for_each(work),
            _ => thread::scope(|scope| {
                for fetcher in fetchers {
                    scope.spawn(|| work(fetcher));
                }
            }),
        }
        verdict(failed.into_inner().unwrap_or_else(PoisonError::into_inner), all)
    }

    fn fetcher(&self, bars: &MultiProgress) -> Result<Fetcher, Failure> {
        let shared = self.plan.shared;
        let progress = !shared.messages.quiet && io::stderr().is_terminal();
        let meter = Arc::new(Meter::new(progress).among(bars));
        let dialer = plan::dialer(shared, self.watch.observer_with(&meter))?;
        let client = Client::new(dialer.clone(), Limits::default());
        let client = client.with_clear_login(shared.login.allow_plaintext_auth);
        let (policy, output) = (self.plan.policy()?, self.plan.output);
        let (mask, crumbs) = (Arc::clone(&self.mask), Arc::clone(&self.crumbs));
        Ok(Fetcher { client, dialer, policy, output, meter, mask, crumbs })
    }

    fn tell(&self, failure: Failure, failed: &Mutex<Vec<Failure>>) {
        if failure.exit == Exit::ReaderLeft {
            return;
        }
        if self.plan.requests.len() > 1 {
            self.plan.output.fail(&failure);
        }
        failed.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
    }
}

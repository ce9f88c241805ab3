//! Several sessions with one server, and pieces of work that they take from one heap.
//! Must not hold: what the work is.

use crate::exit::Failure;
use crate::fetch::back_off;
use crate::ftp::Site;
use crate::ftp::transfer::Trouble;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use wireline_ftp::Session;

/// Sessions that work side by side, each over a control connection of its own.
pub(crate) struct Crew<'a> {
    site: &'a Site,
    /// As many as the server lets in, of those that were asked for.
    most: usize,
    /// How often what failed is tried again (`--retry`).
    retries: u32,
    rest: Rest,
}

/// The sessions that nobody uses just now.
struct Rest {
    sessions: Vec<Session>,
    /// EPSV and EPRT are worth a try.
    extended: bool,
}

/// Pieces that wait. Whoever does one may bring more, the newest of which is done next.
struct Heap<P>(Mutex<State<P>>, Condvar);

struct State<P> {
    pieces: Vec<P>,
    under_way: usize,
    workers: usize,
    rest: Rest,
    /// Why a worker has left.
    left: Option<Failure>,
}

/// Why a piece is not done.
enum Stop {
    /// It failed itself.
    Piece(Failure),
    /// There is no session to do it in any more, or no time.
    Session(Failure),
}

impl<'a> Crew<'a> {
    /// Nobody is dialled yet.
    pub(crate) const fn new(site: &'a Site, most: usize, retries: u32) -> Self {
        Self { site, most, retries, rest: Rest { sessions: Vec::new(), extended: true } }
    }

    /// Does one thing, in one session.
    pub(crate) fn once<T: Send>(
        &mut self,
        work: impl Fn(&mut Session) -> Result<T, Trouble> + Sync,
    ) -> Result<T, Failure> {
        let outcome = Mutex::new(None);
        let done = |session: &mut Session, (): &mut (), _: bool| {
            *lock(&outcome) = Some(Ok(work(session)?));
            Ok(Vec::new())
        };
        self.run(1, vec![()], done, |_, failure| *lock(&outcome) = Some(Err(failure)));
        let outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.unwrap_or_else(|| Err(Failure::usage("nothing was done")))
    }

    /// Does every piece, and those that come of them. `work` is told whether the piece will come
    /// again should it fail; what failed in the end goes to `fail`.
    pub(crate) fn each<P: Send>(
        &mut self,
        pieces: Vec<P>,
        work: impl Fn(&mut Session, &mut P, bool) -> Result<Vec<P>, Trouble> + Sync,
        fail: impl Fn(Vec<P>, Failure) + Sync,
    ) {
        self.run(self.most, pieces, work, fail);
    }

    fn run<P: Send>(
        &mut self,
        workers: usize,
        pieces: Vec<P>,
        work: impl Fn(&mut Session, &mut P, bool) -> Result<Vec<P>, Trouble> + Sync,
        fail: impl Fn(Vec<P>, Failure) + Sync,
    ) {
        let nobody = Rest { sessions: Vec::new(), extended: true };
        let rest = std::mem::replace(&mut self.rest, nobody);
        let state = State { pieces, under_way: 0, workers, rest, left: None };
        let heap = Heap(Mutex::new(state), Condvar::new());
        let shift = Shift { site: self.site, retries: self.retries, heap: &heap };
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| shift.run(&work, &fail));
            }
        });
        let state = heap.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.rest = state.rest;
        self.most -= workers - state.workers;
        if let (Some(failure), false) = (state.left, state.pieces.is_empty()) {
            fail(state.pieces, failure);
        }
    }

    /// Says goodbye, to all at once. What the server answers changes nothing any more.
    pub(crate) fn quit(self) {
        thread::scope(|scope| {
            for session in self.rest.sessions {
                scope.spawn(|| drop(session.quit()));
            }
        });
    }
}

/// What the workers have in common until the heap is empty.
struct Shift<'a, P> {
    site: &'a Site,
    retries: u32,
    heap: &'a Heap<P>,
}

impl<P> Shift<'_, P> {
    /// One worker.
    fn run(
        &self,
        work: &impl Fn(&mut Session, &mut P, bool) -> Result<Vec<P>, Trouble>,
        fail: &impl Fn(Vec<P>, Failure),
    ) {
        while let Some((mut piece, mut session)) = self.heap.take() {
            let done =
                self.persist(&mut session, |session, again| work(session, &mut piece, again));
            self.heap.rest(session);
            match done {
                Ok(more) => self.heap.done(more),
                Err(Stop::Piece(failure)) => {
                    fail(vec![piece], failure);
                    self.heap.done(Vec::new());
                }
                Err(Stop::Session(failure)) => return self.heap.leave(piece, failure),
            }
        }
    }

    /// One piece, as often as it helps. A session that ends in the middle is followed by another at
    /// least once.
    fn persist<T>(
        &self,
        session: &mut Option<Session>,
        mut work: impl FnMut(&mut Session, bool) -> Result<T, Trouble>,
    ) -> Result<T, Stop> {
        let mut tries = 0;
        loop {
            let session = self.session(session).map_err(Stop::Session)?;
            let Trouble { failure, again } = match work(session, tries < self.retries) {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            let is_over = session.is_over();
            let most = if is_over { self.retries.max(1) } else { self.retries };
            let pause = if is_over && tries == 0 { Duration::ZERO } else { back_off(tries) };
            match self.has_time(Duration::ZERO) {
                false => return Err(Stop::Session(failure)),
                true if !again || tries >= most || !self.has_time(pause) => {
                    return Err(Stop::Piece(failure));
                }
                true => tries += 1,
            }
            self.wait(&failure, tries, pause);
        }
    }

    /// The session; another where there is none, or it is over.
    fn session<'s>(&self, session: &'s mut Option<Session>) -> Result<&'s mut Session, Failure> {
        let session_ = match session.take().filter(|session| !session.is_over()) {
            Some(session) => session,
            // The one that is over is hung up on by now: the server may count it.
            None => self.open()?,
        };
        Ok(session.insert(session_))
    }

    /// Another session. Only the last worker insists.
    fn open(&self) -> Result<Session, Failure> {
        let extended = lock(&self.heap.0).rest.extended;
        let mut tries = 0;
        loop {
            let Trouble { failure, again } = match self.site.open_beside(extended) {
                Ok(session) => return Ok(session),
                Err(trouble) => trouble,
            };
            if self.heap.excuses() {
                let failure = self.site.masked(failure);
                self.site.output.note(&format!("{failure}; going on with fewer connections"));
                return Err(failure);
            }
            let pause = back_off(tries);
            if !again || tries >= self.retries || !self.has_time(pause) {
                return Err(failure);
            }
            tries += 1;
            self.wait(&failure, tries, pause);
        }
    }

    fn has_time(&self, pause: Duration) -> bool {
        self.site.dialer().whole.is_none_or(|whole| whole.remaining() > pause)
    }

    fn wait(&self, failure: &Failure, tries: u32, pause: Duration) {
        if pause.is_zero() {
            let failure = self.site.masked(failure.again());
            return self.site.output.note(&format!("{failure}; once more over a new connection"));
        }
        self.site.note_retry(failure, tries + 1, pause);
        thread::sleep(pause);
    }
}

impl<P> Heap<P> {
    /// The next piece, and a session if one is at rest; none when all is done. Waits while somebody
    /// may bring more.
    fn take(&self) -> Option<(P, Option<Session>)> {
        let mut state = lock(&self.0);
        loop {
            if let Some(piece) = state.pieces.pop() {
                state.under_way += 1;
                return Some((piece, state.rest.sessions.pop()));
            }
            if state.under_way == 0 {
                return None;
            }
            state = self.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A session is not needed just now.
    fn rest(&self, session: Option<Session>) {
        let Some(session) = session else { return };
        let rest = &mut lock(&self.0).rest;
        rest.extended = session.is_extended();
        if !session.is_over() {
            rest.sessions.push(session);
        }
    }

    /// A piece is out of the way, and these came of it. Who waits has to know of more, and of the end.
    fn done(&self, more: Vec<P>) {
        let mut state = lock(&self.0);
        state.under_way -= 1;
        if !more.is_empty() || state.under_way == 0 {
            state.pieces.extend(more);
            self.1.notify_all();
        }
    }

    /// Whether this worker may leave, since others stay. It has left then.
    fn excuses(&self) -> bool {
        let mut state = lock(&self.0);
        let excused = state.workers > 1;
        state.workers -= usize::from(excused);
        excused
    }

    /// A worker leaves; its piece stays for the others, if there are any.
    fn leave(&self, piece: P, failure: Failure) {
        let mut state = lock(&self.0);
        state.pieces.push(piece);
        state.left = Some(failure);
        state.under_way -= 1;
        self.1.notify_all();
    }
}

/// A worker that panicked has left nothing half done in there.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

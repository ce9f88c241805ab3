//! One transfer: what is asked, where the body goes, what there is to continue from.
//! Must not hold: connections, redirects, retries (`fetch.rs`).

use crate::exit::Failure;
use crate::output::{TerminalGuard, stdout_failure, stdout_file};
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use wireline_http::{Head, Persistence, Request, Response, Retry, Validator, file_name};
use wireline_store::{Description, Options, Part, Target, safe_name};
use wireline_wire::Sink;

/// One transfer.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request: Request,
    /// The URL for the part file's description.
    pub(crate) url: String,
    pub(crate) persistence: Persistence,
    pub(crate) place: Place,
    pub(crate) start: Start,
    /// Heads are wanted on standard output.
    pub(crate) shows_heads: bool,
    /// How often it was tried before.
    pub(crate) tries: u32,
}

/// Where a body goes.
#[derive(Debug)]
pub(crate) enum Place {
    /// There is none.
    Nowhere,
    /// Standard output; when it is a terminal only text, unless `binary`.
    Stdout { binary: bool },
    /// A file that the answer may name.
    Named(Naming),
    /// A file.
    File(Part),
}

/// How a file is called that the answer may name (`-J`).
#[derive(Debug)]
pub(crate) struct Naming {
    pub(crate) folder: PathBuf,
    /// Where the answer names none.
    pub(crate) fallback: String,
    pub(crate) options: Options,
    /// A file that is there is left alone.
    pub(crate) keeps: bool,
}

impl Naming {
    fn open(&self, head: &Head) -> Result<Part, Failure> {
        Ok(Target::named(&self.folder, &self.name(head), self.options)?.open()?)
    }

    fn name(&self, head: &Head) -> String {
        let name = file_name(head).and_then(|name| safe_name(&name));
        name.unwrap_or_else(|| self.fallback.clone())
    }
}

/// How a first try begins. Later tries always continue what the part file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the first byte.
    Afresh,
    /// Behind what the part file holds.
    FromPart,
    /// Behind so many bytes of the target, on the user's word.
    At(u64),
}

/// A failure, and whether another try may help.
pub(crate) struct Trouble {
    pub(crate) failure: Failure,
    pub(crate) retry: Retry,
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self { failure: error.into(), retry: Retry::Never }
    }
}

impl Trouble {
    pub(crate) fn http(error: wireline_http::Error, request: &Request) -> Self {
        let retry = if request.method().is_idempotent() { error.retry() } else { Retry::Never };
        Self { retry, failure: error.into() }
    }
}

/// What an earlier try, or an earlier run, has left.
pub(crate) struct Earlier {
    pub(crate) offset: u64,
    pub(crate) validator: Option<Validator>,
    pub(crate) length: Option<u64>,
    /// Bytes that an answer has promised to continue with.
    pub(crate) missing: Option<u64>,
}

impl Job {
    /// What there is to continue from.
    pub(crate) fn earlier(&mut self, again: bool) -> Result<Option<Earlier>, Failure> {
        if self.request.is_ranged() {
            return Ok(None);
        }
        match (&self.place, self.start) {
            (Place::File(part), Start::At(offset)) if !again => {
                part.continuable(offset)?;
                Ok(Some(Earlier { offset, validator: None, length: None, missing: None }))
            }
            (Place::Nowhere | Place::Stdout { .. } | Place::Named(_), Start::At(offset)) => {
                Ok(Some(Earlier { offset, validator: None, length: None, missing: None }))
            }
            (Place::File(part), start) if again || start == Start::FromPart => {
                let Some(found) = part.resumable(&self.url) else { return Ok(None) };
                let validator = found.validator.parse().ok();
                Ok(validator.map(|validator| Earlier {
                    offset: found.offset,
                    validator: Some(validator),
                    length: found.length,
                    missing: None,
                }))
            }
            _ => Ok(None),
        }
    }

    /// Makes the file ready for the body of this answer.
    pub(crate) fn begin(
        &mut self,
        earlier: Option<&Earlier>,
        head: &Head,
        more: Option<u64>,
        can_be_cut: bool,
    ) -> Result<(), Failure> {
        if let Place::Named(naming) = &self.place {
            self.place = Place::File(naming.open(head)?);
        }
        let Place::File(part) = &mut self.place else { return Ok(()) };
        let offset = earlier.map_or(0, |earlier| earlier.offset);
        if let Some(Earlier { validator: None, .. }) = earlier {
            return Ok(part.continue_from(offset)?);
        }
        let known = earlier.and_then(|earlier| earlier.validator.clone());
        // What cannot be cut need not be continued.
        let is_whole = head.status.code() == 200;
        let validator = known.or_else(|| Validator::of(head).filter(|_| can_be_cut && is_whole));
        let length = earlier.and_then(|earlier| earlier.length).or(more.map(|more| offset + more));
        let description = validator.map(|validator| Description {
            url: self.url.clone(),
            validator: validator.to_string(),
            length,
        });
        Ok(part.begin(offset, description)?)
    }

    /// A head could not be shown. That nobody looks any more is no reason not to fill a file.
    pub(crate) fn without_reader(&self, error: &io::Error) -> Result<(), Trouble> {
        let is_file = self.place.is_file();
        match error.kind() {
            io::ErrorKind::BrokenPipe if is_file => Ok(()),
            _ => Err(stdout_failure(error).into()),
        }
    }

    /// Bytes are out that cannot be taken back.
    pub(crate) fn is_spent(&self, bytes: u64) -> bool {
        match &self.place {
            Place::Nowhere | Place::Named(_) => false,
            Place::Stdout { .. } => bytes > 0,
            Place::File(part) => part.is_written_through() && bytes > 0,
        }
    }

    pub(crate) fn commit(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.place, Place::Nowhere) {
            Place::File(part) => Ok(part.commit().map(drop)?),
            _ => Ok(()),
        }
    }
}

impl Place {
    /// Whether the body goes to a file, once that has a name.
    pub(crate) const fn is_file(&self) -> bool {
        matches!(self, Self::File(_) | Self::Named(_))
    }

    /// The file that this answer names, if it is there and is to be left alone.
    pub(crate) fn kept(&self, head: &Head) -> Option<PathBuf> {
        let Self::Named(naming) = self else { return None };
        let path = naming.folder.join(naming.name(head));
        (naming.keeps && path.exists()).then_some(path)
    }

    /// Copies the body; without its content codings if it `decodes`.
    pub(crate) fn copy(
        &self,
        response: &mut Response,
        most: u64,
        decodes: bool,
    ) -> Result<u64, wireline_http::Error> {
        use wireline_http::Error::Local;
        let mut copy = |sink: &mut Sink<'_>| match decodes {
            true => response.copy_decoded(sink, most),
            false => response.copy_to(sink, most),
        };
        match self {
            Self::Nowhere | Self::Named(_) => copy(&mut Sink::writer(&mut io::sink())),
            Self::File(part) => copy(&mut Sink::file(part.file())),
            Self::Stdout { binary: false } if io::stdout().is_terminal() => {
                let mut guard = TerminalGuard(stdout_file().map_err(Local)?);
                copy(&mut Sink::writer(&mut guard))
            }
            Self::Stdout { .. } => {
                let out = stdout_file().map_err(Local)?;
                copy(&mut Sink::file(&out))
            }
        }
    }

    pub(crate) fn trouble(&self, error: wireline_http::Error) -> Trouble {
        let retry = error.retry();
        match (self, &error) {
            (Self::Stdout { .. }, wireline_http::Error::Local(source)) => {
                stdout_failure(source).into()
            }
            (Self::File(part), wireline_http::Error::Local(_)) => {
                let failure = Failure::from(error);
                let doing = format!("writing {}", part.path().display());
                Trouble { failure: failure.doing(doing), retry: Retry::Never }
            }
            _ => Trouble { failure: error.into(), retry },
        }
    }
}

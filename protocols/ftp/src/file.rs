//! Verbs about files and folders: SIZE, MDTM, MLST, and those that open a data connection.
//! Must not hold: the connection (`data.rs`), what goes over it (`transfer.rs`, `folder.rs`).

use crate::command::alone;
use crate::folder::{Lines, Listing};
use crate::listing::time_val;
use crate::reply::leading_number;
use crate::transfer::{Download, UnderWay, Upload};
use crate::{Entry, Error, Facts, Kind, ListParser, Modified, Pathname, Reply, Session, Type};
use time::UtcDateTime;
use wireline_wire::Saying;

/// How a file is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retrieval {
    /// The first byte that is wanted; the rest of the file follows. Default: the first.
    pub offset: u64,
    /// The size of the whole file, where a listing has told it: compared in the end.
    pub size: Option<u64>,
}

impl Session {
    /// `SIZE`, in the type that the session is in (RFC 3659 section 4). `None` where the server
    /// does not say (5yz), which does not mean that there is no file.
    ///
    /// # Errors
    /// As [`Session::feat`], but a 5yz.
    pub fn size(&mut self, file: &Pathname) -> Result<Option<u64>, Error> {
        let saying = self.options.telnet.path("SIZE", file);
        let reply = self.dialogue.ask("SIZE", &saying)?;
        self.size_of(reply)
    }

    fn size_of(&mut self, reply: Reply) -> Result<Option<u64>, Error> {
        let Some(reply) = self.unless_refused("SIZE", reply)? else { return Ok(None) };
        let none = || Error::violation("SIZE", format!("no size: {reply}"));
        leading_number(reply.first_line()).ok_or_else(none).map(Some)
    }

    /// `MDTM`: when a file was changed last (RFC 3659 section 3). `None` where the server does not
    /// say (5yz).
    ///
    /// # Errors
    /// As [`Session::feat`], but a 5yz.
    pub fn mdtm(&mut self, file: &Pathname) -> Result<Option<Modified>, Error> {
        let saying = self.options.telnet.path("MDTM", file);
        let reply = self.dialogue.ask("MDTM", &saying)?;
        let reply = self.unless_refused("MDTM", reply)?;
        Ok(reply.and_then(|reply| time_val(reply.first_line())))
    }

    fn unless_refused(
        &mut self,
        doing: &'static str,
        reply: Reply,
    ) -> Result<Option<Reply>, Error> {
        match reply.is_permanent() {
            true => Ok(None),
            false => self.dialogue.expect(doing, reply, Reply::is_success).map(Some),
        }
    }

    /// `MLST`: what the server says of one file or folder (RFC 3659 section 7).
    ///
    /// # Errors
    /// As [`Session::feat`]; [`Error::Violation`] when there are no facts in the reply.
    pub fn mlst(&mut self, path: &Pathname) -> Result<Entry, Error> {
        let reply = self.about("MLST", path)?;
        let facts = reply.middle_lines().find_map(|line| {
            // A space stands before it in a reply.
            Facts::parse(line.strip_prefix(b" ").unwrap_or(line))
        });
        let none = || Error::violation("MLST", format!("no facts: {reply}"));
        facts.map(|facts| facts.entry()).ok_or_else(none)
    }

    /// Size and time of one file: from MLST where that is offered, else from SIZE and MDTM, which
    /// say nothing of what it is. Unknown where the server does not say.
    ///
    /// # Errors
    /// As [`Session::feat`], but a 5yz of SIZE and MDTM.
    pub fn examine(&mut self, path: &Pathname) -> Result<Entry, Error> {
        if self.feat()?.has("MLST") {
            return self.mlst(path);
        }
        self.type_(Type::Image)?;
        let telnet = self.options.telnet;
        let turns = [("SIZE", telnet.path("SIZE", path)), ("MDTM", telnet.path("MDTM", path))];
        let mut replies = self.dialogue.ask_all(&turns, self.pipelines())?.into_iter();
        let mut entry = Entry::new(path.as_bytes(), Kind::Unknown);
        if let Some(reply) = replies.next() {
            entry.size = self.size_of(reply)?;
        }
        if let Some(reply) = replies.next() {
            let reply = self.unless_refused("MDTM", reply)?;
            entry.modified = reply.and_then(|reply| time_val(reply.first_line()));
        }
        Ok(entry)
    }

    /// `RETR`: fetches a file, from [`Retrieval::offset`] on (`REST`).
    ///
    /// # Errors
    /// [`Error::Refused`] and [`Error::Data`] leave the session in step; REST that is refused is
    /// among them, and nothing is fetched then. [`Error::Input`] for an offset in TYPE A, whose
    /// line ends make it meaningless.
    pub fn retr(&mut self, file: &Pathname, retrieval: Retrieval) -> Result<Download<'_>, Error> {
        let Retrieval { offset, size } = retrieval;
        let saying = self.options.telnet.path("RETR", file);
        let under_way = self.transfer("RETR", &saying, offset)?;
        let size = size.filter(|_| under_way.session.representation == Type::Image);
        Ok(Download::new(under_way, offset, size))
    }

    /// `STOR`: sends a file. With an offset (`REST`), what is there before it stays.
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn stor(&mut self, file: &Pathname, offset: u64) -> Result<Upload<'_>, Error> {
        let saying = self.options.telnet.path("STOR", file);
        self.transfer("STOR", &saying, offset).map(Upload::new)
    }

    /// `APPE`: sends what comes behind a file's end.
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn appe(&mut self, file: &Pathname) -> Result<Upload<'_>, Error> {
        let saying = self.options.telnet.path("APPE", file);
        self.transfer("APPE", &saying, 0).map(Upload::new)
    }

    /// `STOU`: sends a file under a name that the server chooses ([`Upload::unique_name`]).
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn stou(&mut self) -> Result<Upload<'_>, Error> {
        self.transfer("STOU", &alone("STOU"), 0).map(Upload::new)
    }

    fn transfer(
        &mut self,
        doing: &'static str,
        saying: &Saying,
        offset: u64,
    ) -> Result<UnderWay<'_>, Error> {
        if offset > 0 && self.options.transfer_type == Type::Ascii {
            let why = format!("{doing}: a transfer of lines cannot begin in the middle");
            return Err(Error::Input(why));
        }
        self.type_(self.options.transfer_type)?;
        let begun = self.begin_transfer(doing, saying, (offset > 0).then_some(offset))?;
        Ok(UnderWay::new(self, doing, begun))
    }

    /// The entries of a folder, or of the one we are in: by MLSD where that is offered, else by
    /// LIST, where `now` settles the years of its dates.
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn entries(
        &mut self,
        folder: Option<&Pathname>,
        now: UtcDateTime,
    ) -> Result<Listing<'_>, Error> {
        match self.feat()?.lists_facts() {
            true => self.mlsd(folder),
            false => self.list(folder, now),
        }
    }

    /// `MLSD`: the entries of a folder, for programs (RFC 3659 section 7).
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn mlsd(&mut self, folder: Option<&Pathname>) -> Result<Listing<'_>, Error> {
        Ok(Listing::new(self.lines("MLSD", folder)?, None))
    }

    /// `LIST`: the entries of a folder, for people, in whatever format the server has.
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn list(
        &mut self,
        folder: Option<&Pathname>,
        now: UtcDateTime,
    ) -> Result<Listing<'_>, Error> {
        let folder = folder.map(Pathname::for_listing);
        Ok(Listing::new(self.text_lines("LIST", folder.as_ref())?, Some(ListParser::new(now))))
    }

    /// `LIST`: the lines as they are.
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn list_lines(&mut self, folder: Option<&Pathname>) -> Result<Lines<'_>, Error> {
        let folder = folder.map(Pathname::for_listing);
        self.text_lines("LIST", folder.as_ref())
    }

    /// `MLSD`: the lines as they are, for [`Facts::parse`].
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn mlsd_lines(&mut self, folder: Option<&Pathname>) -> Result<Lines<'_>, Error> {
        self.lines("MLSD", folder)
    }

    /// `NLST`: names alone. Some servers refuse an empty folder.
    ///
    /// # Errors
    /// As [`Session::retr`].
    pub fn nlst(&mut self, folder: Option<&Pathname>) -> Result<Lines<'_>, Error> {
        let folder = folder.map(Pathname::for_listing);
        self.text_lines("NLST", folder.as_ref())
    }

    /// RFC 959 has lists in TYPE A; RFC 3659 has MLSD in no type at all.
    fn text_lines(
        &mut self,
        doing: &'static str,
        folder: Option<&Pathname>,
    ) -> Result<Lines<'_>, Error> {
        self.type_(Type::Ascii)?;
        self.lines(doing, folder)
    }

    fn lines(
        &mut self,
        doing: &'static str,
        folder: Option<&Pathname>,
    ) -> Result<Lines<'_>, Error> {
        let telnet = self.options.telnet;
        let saying = folder.map_or_else(|| alone(doing), |folder| telnet.path(doing, folder));
        let begun = self.begin_transfer(doing, &saying, None)?;
        Ok(Lines::new(UnderWay::new(self, doing, begun)))
    }
}

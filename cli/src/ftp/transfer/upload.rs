//! Uploads: under a temporary name, compared, then renamed; what bore the name stays whole until then.
//! Must not hold: folders, pauses between tries.

use super::{Trouble, is_permanent, same};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::time::SystemTime;
use wireline_ftp::{Error, Pathname, Session, Type};

/// How an upload comes to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Under a temporary name in the same folder ([`temporary_name`]), then by `RNFR` and `RNTO`.
    Renamed,
    /// Straight to the name.
    Direct,
    /// Behind what is there (`APPE`). Never tried again once bytes went.
    Appended,
}

/// What a failed upload leaves on the server under its temporary name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// Nothing, where it can be deleted.
    Nothing,
    /// What was sent, if another try may help: the caller makes one.
    ForAnotherTry,
    /// What was sent, for a later run (`-C -`).
    ForLater,
}

/// What tells that a file of ours is still the same: its size, and when it was changed.
pub(crate) type Version = (u64, SystemTime);

/// A file of ours on its way to the server.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    file: &'a File,
    /// A regular file: sent from its beginning, again if need be. Anything else is sent from where
    /// it stands, once.
    is_regular: bool,
    path: &'a Pathname,
    way: Way,
    output: Output,
    /// Continue behind what the server has under the name that is written to, if it is how our file
    /// begins (`-C -`). A second [`store`] continues in any case what the first has sent.
    pub(crate) resumes: bool,
    pub(crate) leaves: Leaves,
    /// Bytes went.
    begun: bool,
    /// The version of our file that they were of: what is there under the name that is written to
    /// is its beginning.
    pub(crate) sent: Option<Version>,
}

impl<'a> Upload<'a> {
    /// Nothing was sent yet.
    pub(crate) const fn new(
        file: &'a File,
        is_regular: bool,
        path: &'a Pathname,
        way: Way,
        output: Output,
    ) -> Self {
        let (resumes, leaves, begun, sent) = (false, Leaves::Nothing, false, None);
        Self { file, is_regular, path, way, output, resumes, leaves, begun, sent }
    }

    /// As the file is now.
    fn version(&self) -> Result<Option<Version>, Failure> {
        if !self.is_regular {
            return Ok(None);
        }
        version(self.file).map(Some)
    }
}

/// As a file of ours is now.
pub(crate) fn version(file: &File) -> Result<Version, Failure> {
    let about = file.metadata().map_err(|error| unreadable(&error))?;
    let modified = about.modified().map_err(|error| unreadable(&error))?;
    Ok((about.len(), modified))
}

/// `.NAME.wireline-part`, in the folder of NAME: a later run finds it again. A name that gets too
/// long by it is refused by the server; [`Way::Direct`] remains.
fn temporary_name(path: &Pathname) -> Result<Pathname, Error> {
    beside(path, PART)
}

/// The names that an upload takes in the folder of its file until that has its own.
pub(crate) fn names_beside(name: &[u8]) -> [Vec<u8>; 2] {
    [PART, OLD].map(|ending| [b".", name, ending].concat())
}

const PART: &[u8] = b".wireline-part";
const OLD: &[u8] = b".wireline-old";

/// A name that is derived from another, in the same folder.
fn beside(path: &Pathname, ending: &[u8]) -> Result<Pathname, Error> {
    let bytes = path.as_bytes();
    let name = bytes.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    let (folder, name) = bytes.split_at_checked(name).unwrap_or((&[], bytes));
    Pathname::try_from([folder, b".", name, ending].concat())
}

/// Stores a file, and compares its size there where the server tells it. How many bytes it has
/// there then; those that were sent, behind what was there before.
///
/// Where a server does not rename onto a name in use, the old file goes aside for a moment, as
/// `.NAME.wireline-old`: only now, when the new one is whole. A last reply that is lost after
/// everything was sent is exit 9 if the name itself may have been touched.
pub(crate) fn store(session: &mut Session, upload: &mut Upload<'_>) -> Result<u64, Trouble> {
    let path = upload.path;
    match upload.way {
        Way::Appended => append(session, upload),
        Way::Direct => write(session, upload, path),
        Way::Renamed => {
            let temporary = temporary_name(path)?;
            let bytes = write(session, upload, &temporary)
                .map_err(|trouble| clean_up(session, upload, &temporary, trouble))?;
            rename(session, upload, &temporary)?;
            Ok(bytes)
        }
    }
}

/// Makes the file at `target` what ours is.
fn write(
    session: &mut Session,
    upload: &mut Upload<'_>,
    target: &Pathname,
) -> Result<u64, Trouble> {
    let is_text = session.options().transfer_type == Type::Ascii;
    let version = upload.version()?;
    let offset = match version.filter(|_| !is_text) {
        Some(version) => held(session, upload, target, version)?,
        None => 0,
    };
    if version.is_some() {
        { upload.file }.seek(SeekFrom::Start(offset)).map_err(|error| unreadable(&error))?;
    }
    let sent = match offset > 0 && version.is_some_and(|(size, _)| size == offset) {
        true => 0,
        false => send(session, upload, target, (offset, version))?,
    };
    match is_text {
        true => Ok(offset + sent),
        false => compare(session, target, offset + sent),
    }
}

/// How many bytes of this version of ours are there already: what this run has sent of it, or what
/// an earlier one has and is how it begins. Two versions are never made one.
fn held(
    session: &mut Session,
    upload: &Upload<'_>,
    target: &Pathname,
    version: Version,
) -> Result<u64, Trouble> {
    let is_sent = upload.sent == Some(version);
    if !is_sent && !upload.resumes && upload.sent.is_none() {
        return Ok(0);
    }
    let there = size_of(session, target)?.unwrap_or(0);
    let why = match there {
        0 => return Ok(0),
        _ if there > version.0 => "more is there than here",
        _ if is_sent => return Ok(there),
        _ if !upload.resumes => "the file has changed meanwhile",
        _ => match same::begins_with(session, target, there, upload.file)? {
            Some(true) => return Ok(there),
            Some(false) => "what is there is not how the file begins",
            None => "the server does not show what is there",
        },
    };
    upload.output.note(&format!("{why}: {target} is sent from its beginning"));
    Ok(0)
}

/// The bytes behind the offset. Once they go, only a regular file can be tried again.
fn send(
    session: &mut Session,
    upload: &mut Upload<'_>,
    target: &Pathname,
    (offset, version): (u64, Option<Version>),
) -> Result<u64, Trouble> {
    let begun = match offset {
        0 => session.stor(target, 0),
        _ => session.appe(target),
    };
    let under_way = begun.map_err(|error| refused(error, upload.way))?;
    (upload.begun, upload.sent) = (true, version);
    push(under_way, upload)
        .map_err(|trouble| Trouble { again: trouble.again && upload.is_regular, ..trouble })
}

/// Behind what is there. Another try could add the same again.
fn append(session: &mut Session, upload: &mut Upload<'_>) -> Result<u64, Trouble> {
    let is_text = session.options().transfer_type == Type::Ascii;
    let before = if is_text { None } else { size_of(session, upload.path)? };
    let under_way = session.appe(upload.path)?;
    let sent = push(under_way, upload).map_err(|trouble| Trouble { again: false, ..trouble })?;
    if let Some(before) = before {
        let compared = compare(session, upload.path, before + sent);
        compared.map_err(|trouble| Trouble { again: false, ..trouble })?;
    }
    Ok(sent)
}

/// Sends the file and hears what became of it.
fn push(mut under_way: wireline_ftp::Upload<'_>, upload: &Upload<'_>) -> Result<u64, Trouble> {
    match under_way.send_file(upload.file) {
        Err(Error::Local(error)) => {
            drop(under_way.abort());
            return Err(unreadable(&error).into());
        }
        sent => sent?,
    };
    let sent = under_way.sent();
    match under_way.finish() {
        Ok(_) => Ok(sent),
        Err(error) if upload.way != Way::Renamed && is_unanswered(&error) => Err(unknown(error)),
        Err(error) => Err(error.into()),
    }
}

/// The size of a file there, as far as the server tells.
fn size_of(session: &mut Session, path: &Pathname) -> Result<Option<u64>, Error> {
    session.type_(Type::Image)?;
    match session.size(path)? {
        None if session.feat()?.has("MLST") => match session.mlst(path) {
            Err(error) if is_permanent(&error) => Ok(None),
            entry => Ok(entry?.size),
        },
        size => Ok(size),
    }
}

/// It happens again where it happened once: the server changes what it stores.
fn compare(session: &mut Session, target: &Pathname, wanted: u64) -> Result<u64, Trouble> {
    match size_of(session, target)?.filter(|&there| there != wanted) {
        None => Ok(wanted),
        Some(there) => {
            let why = format!("the server took {wanted} bytes and has {there}");
            Err(Failure::new(Exit::Broken, why).into())
        }
    }
}

/// Gives the whole file its name.
fn rename(session: &mut Session, upload: &Upload<'_>, temporary: &Pathname) -> Result<(), Trouble> {
    let Err(error) = session.rename(temporary, upload.path) else { return Ok(()) };
    let may_be_in_use = matches!(error, Error::Refused { doing: "RNTO", .. });
    match error {
        error if may_be_in_use && is_permanent(&error) => {
            let aside = beside(upload.path, OLD)?;
            match session.rename(upload.path, &aside) {
                Ok(_) => replace(session, upload, temporary, &aside),
                Err(_) => Err(clean_up(session, upload, temporary, error.into())),
            }
        }
        Error::Lost { doing: "RNTO", .. } | Error::Connection(_) => Err(unknown(error)),
        error => Err(clean_up(session, upload, temporary, error.into())),
    }
}

/// The old file is out of the way: it goes when the new one has its name, and else comes back.
fn replace(
    session: &mut Session,
    upload: &Upload<'_>,
    temporary: &Pathname,
    aside: &Pathname,
) -> Result<(), Trouble> {
    let Err(error) = session.rename(temporary, upload.path) else {
        // Litter, if it is refused, but no failure of the upload.
        drop(session.dele(aside));
        return Ok(());
    };
    let trouble = Trouble::from(error);
    if session.rename(aside, upload.path).is_ok() {
        return Err(clean_up(session, upload, temporary, trouble));
    }
    let left = format!("the old file is {aside} there, the new one {temporary}");
    Err(Trouble { failure: trouble.failure.hint(left), again: false })
}

/// Takes away what was sent, unless it is of use.
fn clean_up(
    session: &mut Session,
    upload: &Upload<'_>,
    temporary: &Pathname,
    trouble: Trouble,
) -> Trouble {
    let keeps = match upload.leaves {
        Leaves::Nothing => false,
        Leaves::ForAnotherTry => trouble.again,
        Leaves::ForLater => true,
    };
    let may_be_there = upload.begun || upload.sent.is_some();
    let is_there = may_be_there && (keeps || session.is_over() || session.dele(temporary).is_err());
    match is_there && upload.is_regular {
        true => {
            let then = if upload.leaves == Leaves::ForLater { ": -C - continues it" } else { "" };
            let left = format!("{temporary} is left there{then}");
            Trouble { failure: trouble.failure.hint(left), ..trouble }
        }
        false => trouble,
    }
}

/// Servers let some only write to names that are there, or to those of a certain form; for good.
fn refused(error: Error, way: Way) -> Trouble {
    let may_be_the_name = way == Way::Renamed && is_permanent(&error);
    let trouble = Trouble::from(error);
    match may_be_the_name {
        true => {
            let hint = "--direct writes straight to the name, without a temporary one";
            Trouble { failure: trouble.failure.hint(hint), ..trouble }
        }
        false => trouble,
    }
}

/// Everything was said, and no reply came.
const fn is_unanswered(error: &Error) -> bool {
    matches!(error, Error::Lost { .. } | Error::Connection(_))
}

fn unknown(error: Error) -> Trouble {
    let Trouble { failure, again } = error.into();
    let hint = "the file may be there, whole: look before you send it again";
    Trouble { failure: Failure { exit: Exit::Unknown, ..failure }.hint(hint), again }
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::local(error).doing("reading the file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use wireline_ftp::{Login, Options};
    use wireline_transcript::{Fixture, Transcript};
    use wireline_wire::{Dialer, Endpoint};

    const QUIET: Output = Output { quiet: true };

    /// What is said of a file that goes over, whole then, under its temporary name.
    fn sending(verb: &str, data: &str) -> String {
        format!(
            "C: EPSV\nS: 229 (|||{{{{data:port=2000}}}}|)\nC: {verb} .x.wireline-part\nS: 150 ok\n\
             C/data= {data}\nC/data! close\nS: 226 ok\nC: SIZE .x.wireline-part\nS: 213 3\n\
             C: RNFR .x.wireline-part\nS: 350 ok\nC: RNTO x\nS: 250 ok\n"
        )
    }

    /// Uploads `new` to `x` on a server that answers so once the file is there.
    fn renamed(answers: &str) -> Result<u64, Trouble> {
        let dialogue = format!(
            "C: EPSV\nS: 229 (|||{{{{data:port=2000}}}}|)\nC: STOR .x.wireline-part\nS: 150 ok\n\
             C/data= new\nC/data! close\nS: 226 ok\nC: SIZE .x.wireline-part\nS: 213 3\n{answers}"
        );
        with_session(&dialogue, |session| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"new").unwrap();
            let path = Pathname::try_from("x").unwrap();
            store(session, &mut Upload::new(&file, true, &path, Way::Renamed, QUIET))
        })
    }

    /// Works with a server of RFC 959 that hears and says this behind TYPE I.
    fn with_session<T>(dialogue: &str, work: impl Fn(&mut Session) -> T) -> T {
        let text = format!(
            "@protocol ftp\n==\nS: 220 ok\nC: USER anonymous\nS: 230 in\nC: FEAT\nS: 502 no\n\
             C: TYPE I\nS: 200 ok\n{dialogue}C: QUIT\nS: 221 bye\n"
        );
        let parsed = Transcript::parse(text.as_bytes(), "x", &mut |_| Err("none".into()));
        let server = Fixture::new(parsed.unwrap()).start().unwrap();
        let endpoint = Endpoint::new("127.0.0.1", server.addr().port()).unwrap();
        let (dialer, login) = (Dialer::default(), Login::anonymous());
        let mut session = Session::open(&dialer, &endpoint, Options::default(), &login).unwrap();
        let done = work(&mut session);
        session.quit().unwrap();
        server.finish().unwrap();
        done
    }

    /// The old file is under its name or the new one is, whatever the server refuses.
    #[test]
    fn renaming_onto_a_name_in_use() {
        const NEW: &str = "C: RNFR .x.wireline-part\nS: 350 ok\nC: RNTO x\nS: ";
        const ASIDE: &str = "C: RNFR x\nS: 350 ok\nC: RNTO .x.wireline-old\nS: ";
        const BACK: &str = "C: RNFR .x.wireline-old\nS: 350 ok\nC: RNTO x\nS: ";
        const TAKEN: &str = "553 it is in use\n";
        const DONE: &str = "250 ok\n";
        let (remove_old, remove_new) =
            ("C: DELE .x.wireline-old\nS: ", "C: DELE .x.wireline-part\nS: ");
        let rows = [
            ([NEW, DONE, "", "", "", "", "", "", "", ""], Ok(3)),
            ([NEW, TAKEN, ASIDE, DONE, NEW, DONE, remove_old, DONE, "", ""], Ok(3)),
            ([NEW, TAKEN, ASIDE, TAKEN, remove_new, DONE, "", "", "", ""], Err(None)),
            ([NEW, TAKEN, ASIDE, DONE, NEW, TAKEN, BACK, DONE, remove_new, DONE], Err(None)),
            (
                [NEW, TAKEN, ASIDE, DONE, NEW, TAKEN, BACK, TAKEN, "", ""],
                Err(Some("the old file is .x.wireline-old there, the new one .x.wireline-part")),
            ),
        ];
        for (answers, wanted) in rows {
            let stored = renamed(&answers.concat()).map_err(|trouble| trouble.failure);
            let told = stored.as_ref().map_err(|failure| failure.hint.as_deref());
            assert_eq!(told.copied(), wanted, "{answers:?}");
        }
    }

    /// A file that has changed between two tries is not continued.
    #[test]
    fn versions_of_ours() {
        let file = tempfile::tempfile().unwrap();
        let before = version(&file).unwrap();
        assert_eq!(version(&file).unwrap(), before);
        { &file }.write_all(b"new").unwrap();
        let after = version(&file).unwrap();
        assert_ne!(after, before);
        file.set_modified(after.1 + std::time::Duration::from_secs(1)).unwrap();
        let touched = version(&file).unwrap();
        for (sent, appends) in [(after, false), (touched, true)] {
            let begin = "C: SIZE .x.wireline-part\nS: 213 2\n";
            let (verb, data) = if appends { ("APPE", "w") } else { ("STOR", "new") };
            let dialogue = format!("{begin}{}", sending(verb, data));
            let stored = with_session(&dialogue, |session| {
                let path = Pathname::try_from("x").unwrap();
                let mut upload = Upload::new(&file, true, &path, Way::Renamed, QUIET);
                upload.sent = Some(sent);
                store(session, &mut upload).map(|bytes| (bytes, upload.sent))
            });
            assert_eq!(stored.map_err(|trouble| trouble.failure.why), Ok((3, Some(touched))));
        }
    }

    #[test]
    fn temporary_names() {
        for (path, wanted) in [
            ("a", ".a.wireline-part"),
            ("a/b.txt", "a/.b.txt.wireline-part"),
            ("/a", "/.a.wireline-part"),
            ("/a/b/.c", "/a/b/..c.wireline-part"),
        ] {
            let name = temporary_name(&Pathname::try_from(path).unwrap()).unwrap();
            assert_eq!(name.to_string(), wanted);
        }
    }
}

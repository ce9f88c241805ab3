//! A message that is ready to go: who it is from and for, and its content, built from options or
//! read from a file. Must not hold: the dialogue with a server.

use super::address::{self, Person};
use super::header::Header;
use crate::args::Send;
use crate::exit::{Exit, Failure};
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use std::fs::File;
use std::io::{self, Cursor, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};
use wireline_smtp::{Mailbox, ReversePath, Survey};
use wireline_wire::escape;

/// One message with its envelope.
#[derive(Debug)]
pub(crate) struct Letter {
    /// For reports: the file's name, or nothing.
    pub(crate) name: Option<String>,
    pub(crate) sender: ReversePath,
    pub(crate) recipients: Vec<Mailbox>,
    pub(crate) message_id: Option<String>,
    pub(crate) survey: Survey,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Built here.
    Memory(Vec<u8>),
    /// Read when it is sent: there may be thousands. What its header section gains is made once.
    File { source: Source, added: Vec<(&'static str, String)> },
}

/// A whole message that somebody else has made.
#[derive(Debug)]
enum Source {
    Path(PathBuf),
    /// Standard input, kept in a temporary file because it is read twice.
    Spool(File),
}

impl Source {
    fn take(path: &Path) -> io::Result<Self> {
        if path != Path::new("-") {
            return Ok(Self::Path(path.to_owned()));
        }
        let mut spool = tempfile::tempfile()?;
        io::copy(&mut io::stdin().lock(), &mut spool)?;
        Ok(Self::Spool(spool))
    }

    fn open(&self) -> io::Result<File> {
        match self {
            Self::Path(path) => File::open(path),
            Self::Spool(file) => {
                let mut again = file.try_clone()?;
                again.rewind()?;
                Ok(again)
            }
        }
    }
}

/// Who sends when nobody is named, and what we are called.
#[derive(Clone, Debug)]
pub(crate) struct Ourselves {
    /// The user that logs in, if one does.
    pub(crate) login: Option<String>,
    /// The name of this machine.
    pub(crate) host: String,
}

impl Letter {
    /// The content from its first byte.
    pub(crate) fn content(&self) -> Result<Box<dyn Read + '_>, Failure> {
        match &self.content {
            Content::Memory(bytes) => Ok(Box::new(Cursor::new(bytes))),
            Content::File { source, added } => {
                let mut file = source.open().map_err(|error| Failure::local(&error))?;
                let header = Header::read(&mut file)?;
                Ok(Box::new(completed(header, added).chain(file)))
            }
        }
    }

    /// From the options.
    pub(crate) fn compose(args: &Send, ourselves: &Ourselves) -> Result<Self, Failure> {
        let people = People::typed(args)?;
        let sender = sender(args, None, ourselves)?;
        let host = ourselves.host_of(&sender);
        let message_id = format!("{}@{host}", mail_builder::mime::make_boundary("."));
        let built = build(args, &people, &sender, ourselves, &message_id)?;
        let message_id = args.header_named("Message-ID").unwrap_or(format!("<{message_id}>"));
        let survey = Survey::of(&mut built.as_slice())?;
        let content = Content::Memory(built);
        let recipients = people.mailboxes();
        let message_id = Some(message_id.trim().to_owned());
        Self { name: None, sender, recipients, message_id, survey, content }.judged(args)
    }

    /// From a file that holds a whole message.
    pub(crate) fn from_file(
        path: &Path,
        args: &Send,
        ourselves: &Ourselves,
    ) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let doing = || format!("reading {name}");
        let letter = Source::take(path)
            .map_err(|error| Failure::local(&error))
            .and_then(|source| Self::read(source, args, ourselves))
            .map_err(|failure| failure.doing(doing()))?;
        Self { name: Some(name.clone()), ..letter }
            .judged(args)
            .map_err(|failure| failure.doing(doing()))
    }

    fn read(source: Source, args: &Send, ourselves: &Ourselves) -> Result<Self, Failure> {
        let mut file = source.open().map_err(|error| Failure::local(&error))?;
        let header = Header::read(&mut file)?;
        let mut people = People::typed(args)?;
        if args.recipients_from_header {
            people.to.extend(header.people("To")?);
            people.cc.extend(header.people("Cc")?);
            people.bcc.extend(header.people("Bcc")?);
        }
        let author = header.people("From").ok().and_then(|people| people.into_iter().next());
        let sender = sender(args, author, ourselves)?;
        let mut added = Vec::new();
        let message_id = header.text("Message-ID").unwrap_or_else(|| {
            let host = ourselves.host_of(&sender);
            let id = format!("<{}@{host}>", mail_builder::mime::make_boundary("."));
            added.push(("Message-ID", id.clone()));
            id
        });
        if !header.has("Date") {
            added.push(("Date", Date::now().to_rfc822()));
        }
        let survey = Survey::of(&mut completed(header, &added).chain(file))?;
        let (recipients, message_id) = (people.mailboxes(), Some(message_id));
        let content = Content::File { source, added };
        Ok(Self { name: None, sender, recipients, message_id, survey, content })
    }

    /// Refuses what no server may get, before one is asked.
    fn judged(self, args: &Send) -> Result<Self, Failure> {
        if self.recipients.is_empty() {
            let hint = "--to ADDR, or -t to take them from the message's header";
            return Err(Failure::usage("nobody is named to send it to").hint(hint));
        }
        let survey = self.survey;
        if survey.longest_line_bytes > LINE_BYTES && !args.allow_long_lines {
            let bytes = survey.longest_line_bytes;
            let failure =
                Failure::usage(format!("a line of it has {bytes} bytes, 998 are allowed"));
            return Err(failure.hint("--allow-long-lines sends it as it is"));
        }
        Ok(self)
    }
}

/// A header section as it is sent, and what was read behind it.
fn completed(mut header: Header, added: &[(&str, String)]) -> Cursor<Vec<u8>> {
    header.remove("Bcc");
    for (name, value) in added {
        header.add(name, value);
    }
    Cursor::new(header.into_bytes())
}

/// RFC 5321 section 4.5.3.1.6, without CRLF.
const LINE_BYTES: u64 = 998;

/// Everybody it is for.
#[derive(Debug, Default)]
struct People {
    to: Vec<Person>,
    cc: Vec<Person>,
    bcc: Vec<Person>,
}

impl People {
    fn typed(args: &Send) -> Result<Self, Failure> {
        let all = |option: &str, typed: &[String]| {
            let lists = typed.iter().map(|text| address::parse(option, text));
            lists.collect::<Result<Vec<_>, _>>().map(|lists| lists.concat())
        };
        Ok(Self {
            to: all("--to", &args.to)?,
            cc: all("--cc", &args.cc)?,
            bcc: all("--bcc", &args.bcc)?,
        })
    }

    /// Each once, in order.
    fn mailboxes(&self) -> Vec<Mailbox> {
        let mut all: Vec<Mailbox> = Vec::new();
        for person in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if !all.iter().any(|known| is_same(known, &person.mailbox)) {
                all.push(person.mailbox.clone());
            }
        }
        all
    }
}

/// Only the domain is the same in any case of letters (RFC 5321 section 2.4).
fn is_same(a: &Mailbox, b: &Mailbox) -> bool {
    let [own, other] = [a, b].map(|mailbox| mailbox.domain().unwrap_or_default());
    a.local_part() == b.local_part() && own.eq_ignore_ascii_case(other)
}

/// `--from`, the message's own author, the login if it is an address, `$EMAIL`, USER@HOST.
fn sender(
    args: &Send,
    author: Option<Person>,
    ourselves: &Ourselves,
) -> Result<ReversePath, Failure> {
    if let Some(typed) = &args.from {
        return match typed.trim() {
            "<>" => Ok(ReversePath::Null),
            typed => Ok(one_person("--from", typed)?.mailbox.into()),
        };
    }
    if let Some(author) = author {
        return Ok(author.mailbox.into());
    }
    let by_login = ourselves.login.as_deref().and_then(|user| Mailbox::try_from(user).ok());
    if let Some(mailbox) = by_login.filter(|mailbox| mailbox.domain().is_some()) {
        return Ok(mailbox.into());
    }
    if let Some(email) = std::env::var("EMAIL").ok().filter(|email| !email.trim().is_empty()) {
        return Ok(one_person("EMAIL", &email)?.mailbox.into());
    }
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    let typed = format!("{}@{}", user.as_deref().unwrap_or("wireline"), ourselves.host);
    let failed = |error| Failure::from(error).hint("--from ADDR says who sends it");
    Ok(Mailbox::try_from(typed.as_str()).map_err(failed)?.into())
}

fn one_person(option: &str, typed: &str) -> Result<Person, Failure> {
    let mut people = address::parse(option, typed)?;
    match (people.pop(), people.is_empty()) {
        (Some(person), true) => Ok(person),
        _ => Err(Failure::usage(format!("{option} takes one address"))),
    }
}

impl Ourselves {
    /// What stands behind the @ of a Message-ID.
    fn host_of(&self, sender: &ReversePath) -> String {
        let domain = match sender {
            ReversePath::Mailbox(mailbox) => mailbox.domain(),
            ReversePath::Null => None,
        };
        domain.filter(|domain| !domain.starts_with('[')).unwrap_or(&self.host).to_owned()
    }
}

fn build(
    args: &Send,
    people: &People,
    sender: &ReversePath,
    ourselves: &Ourselves,
    message_id: &str,
) -> Result<Vec<u8>, Failure> {
    let mut message = MessageBuilder::new();
    let typed = typed_fields(args)?;
    let is_typed = |name: &str| typed.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    if !is_typed("Message-ID") {
        message = message.message_id(message_id.to_owned());
    }
    if let Some(author) = author(args, sender)?.filter(|_| !is_typed("From")) {
        message = message.from(author);
    }
    for (name, list) in [("To", &people.to), ("Cc", &people.cc)] {
        if !list.is_empty() && !is_typed(name) {
            message = message.header(name, Address::new_list(list.iter().map(named).collect()));
        }
    }
    if people.to.is_empty() && people.cc.is_empty() && !is_typed("To") {
        message = message.header("To", Raw::new("undisclosed-recipients:;"));
    }
    let body = body(args, ourselves)?;
    let subject = args.subject.clone().or_else(|| body.subject.map(str::to_owned));
    if let Some(subject) = subject.filter(|_| !is_typed("Subject")) {
        no_control("--subject", &subject)?;
        message = message.subject(subject);
    }
    for (name, value) in typed {
        let value = match value.is_ascii() {
            true => HeaderType::Raw(Raw::new(value)),
            false => HeaderType::Text(Text::new(value)),
        };
        message = message.header(name, value);
    }
    if let Some(text) = body.text {
        message = message.text_body(text);
    }
    if let Some(html) = &args.html {
        message = message.html_body(text_of("--html", html)?);
    }
    for path in &args.attach {
        let (name, bytes) = (path.file_name().unwrap_or_default(), read_file(path)?);
        message =
            message.attachment(kind(path, &bytes), name.to_string_lossy().into_owned(), bytes);
    }
    message.write_to_vec().map_err(|error| Failure::local(&error).doing("building the message"))
}

/// By its name, unless that promises text and the bytes are none: a reader would convert them. A
/// message or a multipart may not be in base64 (RFC 2046 section 5.2.1), which every attachment is.
fn kind(path: &Path, bytes: &[u8]) -> ContentType<'static> {
    let by_name = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = || str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    let fits = match by_name.type_().as_str() {
        "text" => is_text(),
        kind => !matches!(kind, "message" | "multipart"),
    };
    match by_name.type_().as_str() {
        "text" if fits => ContentType::new(by_name.to_string()).attribute("charset", "utf-8"),
        _ if fits => ContentType::new(by_name.to_string()),
        _ => ContentType::new("application/octet-stream"),
    }
}

/// The author of the message: `--from` with its name, else the sender.
fn author(args: &Send, sender: &ReversePath) -> Result<Option<Address<'static>>, Failure> {
    match (&args.from, sender) {
        (_, ReversePath::Null) => Ok(None),
        (Some(typed), _) => Ok(Some(named(&one_person("--from", typed)?))),
        (None, ReversePath::Mailbox(mailbox)) => {
            Ok(Some(Address::new_address(None::<String>, mailbox.as_str().to_owned())))
        }
    }
}

fn named(person: &Person) -> Address<'static> {
    Address::new_address(person.name.clone(), person.mailbox.as_str().to_owned())
}

/// The text, and the subject of the test message that is sent when nothing was given.
#[derive(Debug)]
struct Body {
    text: Option<String>,
    subject: Option<&'static str>,
}

fn body(args: &Send, ourselves: &Ourselves) -> Result<Body, Failure> {
    let given = match (&args.body, &args.body_file) {
        (Some(typed), _) => Some(text_of("--body", typed)?),
        (None, Some(path)) => Some(utf8("--body-file", read_file(path)?)?),
        (None, None) => None,
    };
    if given.is_some() || args.html.is_some() || !args.attach.is_empty() {
        return Ok(Body { text: given, subject: None });
    }
    let piped = match io::stdin().is_terminal() {
        true => String::new(),
        false => utf8("standard input", read_file(Path::new("-"))?)?,
    };
    if !piped.is_empty() {
        return Ok(Body { text: Some(piped), subject: None });
    }
    let text = format!("This is a test message from {}.\n", ourselves.host);
    Ok(Body { text: Some(text), subject: Some("test") })
}

/// `TEXT`, `@FILE`, or `@-` for standard input.
fn text_of(option: &str, typed: &str) -> Result<String, Failure> {
    match typed.strip_prefix('@') {
        Some(name) => utf8(option, read_file(Path::new(name))?),
        None => Ok(typed.to_owned()),
    }
}

fn utf8(what: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    let failed = |_| Failure::usage(format!("{what}: the text is not UTF-8"));
    String::from_utf8(bytes).map_err(|error| {
        failed(error).hint("--attach sends bytes of any kind, --eml a message as it is")
    })
}

/// What a part of a message may weigh; a larger one goes as a file with `--eml`.
const PART_BYTES: u64 = 64 << 20;

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().take(PART_BYTES + 1).read_to_end(&mut bytes),
        _ => File::open(path).and_then(|file| file.take(PART_BYTES + 1).read_to_end(&mut bytes)),
    };
    let doing = || format!("reading {}", path.display());
    read.map_err(|error| Failure::local(&error).doing(doing()))?;
    match bytes.len() as u64 > PART_BYTES {
        true => Err(Failure::new(Exit::Usage, "it is larger than 64 MiB").doing(doing())),
        false => Ok(bytes),
    }
}

/// `--header "Name: value"`.
fn typed_fields(args: &Send) -> Result<Vec<(String, String)>, Failure> {
    args.header.iter().map(|text| typed_field(text)).collect()
}

fn typed_field(text: &str) -> Result<(String, String), Failure> {
    no_control("--header", text)?;
    let (name, value) = text.split_once(':').unwrap_or_default();
    // ftext = %d33-57 / %d59-126 (RFC 5322 section 3.6.8)
    if name.eq_ignore_ascii_case("Bcc") {
        let failure = Failure::usage("a Bcc field would show everybody whom it is to be hid from");
        return Err(failure.hint("--bcc ADDR sends a copy and says nothing of it"));
    }
    match !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok((canonical(name), value.trim().to_owned())),
        false => Err(Failure::usage("--header takes \"Name: value\"")),
    }
}

/// The builder knows its own fields by their exact spelling.
fn canonical(name: &str) -> String {
    let known = ["Date", "Message-ID", "MIME-Version"];
    let found = known.iter().find(|known| known.eq_ignore_ascii_case(name));
    found.map_or(name, |known| known).to_owned()
}

/// hostile.md rows 11 to 13: a line end in a value would begin a field of its own.
fn no_control(option: &str, text: &str) -> Result<(), Failure> {
    match text.chars().any(char::is_control) {
        true => {
            let shown = escape(text.as_bytes());
            Err(Failure::usage(format!("{option} \"{shown}\" holds control bytes")))
        }
        false => Ok(()),
    }
}

impl Send {
    fn header_named(&self, name: &str) -> Option<String> {
        let fields = self.header.iter().filter_map(|text| text.split_once(':'));
        let mut named = fields.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim().to_owned())
    }
}

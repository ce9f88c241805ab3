//! The examples of the RFCs, played by our client, whole and one byte at a time.

use crate::support::{Line, ascii, corpus, explicit, kind, login, path, plain_ascii, play_only};
use wireline_ftp::{DataMode, Entry, Kind, Line as Typed, Options, Retrieval, Session, Type};
use wireline_wire::Sink;

type Play = fn(&Line);

/// A file, the title of one of its sections, and the client's part in it.
const SECTIONS: &[(&str, &str, Play)] = &[
    ("2389-3.2-feat", "FEAT", feat),
    ("2389-3.2-feat", "a server without", no_feat),
    ("2428-2-eprt", "the samples", eprt_samples),
    ("2428-2-eprt", "a listing", eprt),
    ("2428-3-epsv", "EPSV", epsv),
    ("2428-3-epsv", "EPSV 2 without IPv6", epsv_2),
    ("2428-3-epsv", "EPSV ALL", epsv_all),
    ("3659-3.4-mdtm", "MDTM", mdtm),
    ("3659-4.4-size", "SIZE", size),
    ("3659-5.5-rest", "the rest of a file", rest),
    ("3659-7.7.1-mlst", "in /tmp", mlst_in_tmp),
    ("3659-7.7.1-mlst", "in /", mlst_in_root),
    ("3659-7.7.3-mlsd", "MLSD of a directory", mlsd),
    ("3659-7.7.4-mlsd-names", "a more complex example", mlsd_names),
    ("3659-7.7.11-mlsd-passive", "two listings", two_listings),
    ("3659-7.9.2-opts-mlst", "OPTS MLST", opts_mlst),
    ("4217-12.1-session", "with a password", protected_session),
    ("4217-12.1-session", "without a password request", protected_session),
    ("4217-12.4-clear-data", "a standard data transfer", store_actively),
    ("4217-12.4-clear-data", "a firewall-friendly data transfer", store_passively),
    ("4217-12.6-protected-data", "a standard data transfer", store_protected_actively),
    ("4217-12.6-protected-data", "a firewall-friendly data transfer", store_protected),
    ("959-4.1.3-abor", "a transfer is aborted", abor),
    ("959-4.2-replies", "lines that look like replies", help),
    ("959-7-typical", "retrieve, and a store that is denied", typical),
    ("959-app2-directories", "MKD in Unix", directories),
    ("959-app2-directories", "MKD in TOPS-20", tops_20),
];

#[test]
fn the_examples_of_the_rfcs() {
    for (name, title, play) in SECTIONS {
        play_only(&corpus(name), Some(title), play);
    }
}

fn typed(line: &str) -> Typed {
    Typed::try_from(line).unwrap()
}

/// The code that a raw command gets.
fn code(session: &mut Session, line: &str) -> u16 {
    session.command(&typed(line)).unwrap().code().number()
}

fn feat(line: &Line) {
    let mut session = line.connect(ascii()).unwrap();
    let features = session.feat().unwrap();
    assert!(features.has("compression") && features.lists_facts());
    assert_eq!(features.parameters("MLST"), Some("size*;create;modify*;perm;media-type"));
}

fn no_feat(line: &Line) {
    let mut session = line.connect(ascii()).unwrap();
    assert_eq!(session.feat().unwrap().iter().count(), 0);
    // It is not asked again.
    assert!(!session.feat().unwrap().has("SIZE"));
}

fn eprt_samples(line: &Line) {
    let mut session = line.anonymous(ascii());
    assert_eq!(code(&mut session, "EPRT |1|132.235.1.2|6275|"), 200);
    assert_eq!(code(&mut session, "EPRT |2|1080::8:800:200C:417A|5282|"), 522);
}

fn eprt(line: &Line) {
    let mut session = line.anonymous(Options { data_mode: DataMode::Active, ..ascii() });
    let names: Result<Vec<_>, _> = session.nlst(None).unwrap().collect();
    assert_eq!(names.unwrap(), [b"README"]);
    assert!(!session.is_over());
}

fn retrieved(session: &mut Session, name: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let mut download = session.retr(&path(name), Retrieval::default()).unwrap();
    download.copy_to(&mut Sink::writer(&mut text), 1 << 20).unwrap();
    download.finish().unwrap();
    text
}

fn epsv(line: &Line) {
    let mut session = line.anonymous(ascii());
    assert_eq!(retrieved(&mut session, "README"), b"Read me.\n");
}

fn epsv_2(line: &Line) {
    assert_eq!(code(&mut line.anonymous(ascii()), "EPSV 2"), 522);
}

fn epsv_all(line: &Line) {
    let mut session = line.anonymous(ascii());
    assert_eq!(code(&mut session, "EPSV ALL"), 200);
    assert_eq!(code(&mut session, "PORT 132,235,1,2,24,131"), 501);
    store(&mut session, "notes");
}

fn store(session: &mut Session, name: &str) {
    let mut upload = session.stor(&path(name), 0).unwrap();
    upload.send(b"one\ntw").unwrap();
    upload.send(b"o\n").unwrap();
    assert_eq!(upload.sent(), 10);
    upload.finish().unwrap();
}

fn mdtm(line: &Line) {
    let mut session = line.anonymous(ascii());
    let mut seconds = |name: &str| {
        session.mdtm(&path(name)).unwrap().map(|modified| modified.at.unix_timestamp())
    };
    let a = seconds("A");
    assert_eq!((a, seconds("B")), (Some(897_904_845), a));
    assert!(seconds("C").is_some() && seconds("D").is_none() && seconds("E").is_none());
    assert_eq!(seconds("file6"), Some(938_565_235));
    assert_eq!(code(&mut session, "MDTM 19990929043300 File6"), 213);
    assert_eq!(code(&mut session, "MDTM 19990929043300 file6"), 550);
}

fn size(line: &Line) {
    let mut session = line.anonymous(ascii());
    session.type_(Type::Image).unwrap();
    assert_eq!(session.size(&path("Example")).unwrap(), Some(1830));
    session.type_(Type::Ascii).unwrap();
    assert_eq!(session.size(&path("Example")).unwrap(), Some(1942));
}

fn rest(line: &Line) {
    let options = Options { data_mode: DataMode::Active, extended: false, ..Options::default() };
    let mut session = line.anonymous(options);
    let retrieval = Retrieval { offset: 802_816, size: Some(1_024_990) };
    let mut download = session.retr(&path("cap60.pl198.tar"), retrieval).unwrap();
    let mut text = Vec::new();
    assert_eq!(download.copy_to(&mut Sink::writer(&mut text), 1 << 20).unwrap(), 222_174);
    download.finish().unwrap();
}

fn mlst_in_tmp(line: &Line) {
    let mut session = line.anonymous(ascii());
    assert_eq!(session.pwd().unwrap(), path("/tmp"));
    let entry = session.mlst(&path("cap60.pl198.tar.gz")).unwrap();
    assert_eq!((entry.kind, entry.size), (Kind::File, Some(1_024_990)));
    assert_eq!(entry.name, b"/tmp/cap60.pl198.tar.gz");
    assert!(entry.safe_component().is_none());
}

fn mlst_in_root(line: &Line) {
    let mut session = line.anonymous(ascii());
    session.pwd().unwrap();
    assert_eq!(session.mlst(&path("tmp")).unwrap().kind, Kind::Folder);
    let entry = session.mlst(&path("file1")).unwrap();
    assert_eq!(entry.modified.unwrap().at.unix_timestamp(), 938_565_235);
}

fn entries(session: &mut Session, folder: Option<&str>) -> Vec<Entry> {
    let folder = folder.map(path);
    let mut listing = session.mlsd(folder.as_ref()).unwrap();
    let entries: Result<Vec<_>, _> = listing.by_ref().collect();
    assert_eq!(listing.unknown(), 0);
    entries.unwrap()
}

fn mlsd(line: &Line) {
    let entries = entries(&mut line.anonymous(plain_ascii()), Some("tmp"));
    assert_eq!(entries.len(), 10);
    let hatch = entries.iter().find(|entry| entry.name == b"hatch.c").unwrap();
    assert_eq!((hatch.kind, hatch.size), (Kind::File, Some(1830)));
}

fn mlsd_names(line: &Line) {
    let mut session = line.anonymous(plain_ascii());
    assert_eq!(session.mlst(&path("test")).unwrap().name, b"test");
    let test = entries(&mut session, Some("test"));
    assert_eq!(test.len(), 13);
    let link = test.iter().find(|entry| entry.kind == Kind::Link).unwrap();
    assert_eq!(link.link.as_deref(), Some(&b"/foobar"[..]));
    assert!(test.iter().any(|entry| entry.name == b" leading space"));
    let incoming = entries(&mut session, Some("test/incoming"));
    assert!(incoming.iter().any(|entry| entry.name == b"   "));
}

fn two_listings(line: &Line) {
    let mut session = line.anonymous(plain_ascii());
    session.cwd(&path("sub")).unwrap();
    assert_eq!(session.pwd().unwrap(), path("/sub"));
    assert_eq!(entries(&mut session, None).len(), 4);
    session.cwd(&path("/files")).unwrap();
    session.rename(&path("mlst.c"), &path("list.c")).unwrap();
    assert_eq!(entries(&mut session, None).len(), 2);
}

fn opts_mlst(line: &Line) {
    let mut session = line.connect(ascii()).unwrap();
    session.feat().unwrap();
    for option in
        ["Mlst Type;UNIX.mode;Perm;", "MLst lang;type;charset;create;", "mlst size;frogs;"]
    {
        session.opts(&typed(option)).unwrap();
        assert!(session.feat_again().unwrap().lists_facts());
    }
    let refused = session.opts(&typed("MLst unique type;")).unwrap_err();
    assert_eq!(kind(&refused), "501 OPTS");
    session.feat_again().unwrap();
}

fn protected_session(line: &Line) {
    let mut session = line.connect(explicit()).unwrap();
    session.protect().unwrap();
    session.login(&login("fred", "flint")).unwrap();
}

fn store_actively(line: &Line) {
    let options = Options { data_mode: DataMode::Active, ..plain_ascii() };
    store(&mut line.anonymous(options), "file");
}

fn store_passively(line: &Line) {
    store(&mut line.anonymous(plain_ascii()), "file");
}

fn store_protected_actively(line: &Line) {
    let security = explicit().security;
    let options = Options { data_mode: DataMode::Active, security, ..plain_ascii() };
    store(&mut line.anonymous(options), "file");
}

fn store_protected(line: &Line) {
    let options = Options { security: explicit().security, ..plain_ascii() };
    store(&mut line.anonymous(options), "file");
}

fn abor(line: &Line) {
    let mut session = line.anonymous(plain_ascii());
    session.retr(&path("endless"), Retrieval::default()).unwrap().abort().unwrap();
    assert!(!session.is_over());
}

fn help(line: &Line) {
    let help = line.connect(ascii()).unwrap().help(None).unwrap();
    assert_eq!(help.to_string(), "214 Help message.");
}

fn typical(line: &Line) {
    let mut session = line.connect(plain_ascii()).unwrap();
    session.login(&login("Doe", "mumble")).unwrap();
    assert_eq!(retrieved(&mut session, "test.pl1"), b"declare file entry;\nend;\n");
    session.type_(Type::Image).unwrap();
    assert_eq!(code(&mut session, "STOR >udd>cn>fd"), 550);
    assert_eq!(session.quit().unwrap().unwrap().code().number(), 221);
}

fn directories(line: &Line) {
    let mut session = line.anonymous(ascii());
    session.cwd(&path("/usr/dm")).unwrap();
    assert_eq!(session.mkd(&path("pathname")).unwrap(), path("/usr/dm/pathname"));
    let odd = session.mkd(&path("foo\"bar")).unwrap();
    assert_eq!(odd, path("/usr/dm/foo\"bar"));
    session.cwd(&odd).unwrap();
    session.cwd(&path("/usr/dm")).unwrap();
    assert_eq!(kind(&session.mkd(&path("pathname")).unwrap_err()), "521 MKD");
}

fn tops_20(line: &Line) {
    let mut session = line.anonymous(ascii());
    session.cwd(&path("<some.where>")).unwrap();
    let made = session.mkd(&path("overrainbow")).unwrap();
    assert_eq!(kind(&session.cwd(&path("overrainbow")).unwrap_err()), "431 CWD");
    session.cwd(&made).unwrap();
    session.cwd(&path("<some.where>")).unwrap();
    session.mkd(&path("<unambiguous>")).unwrap();
    session.cwd(&path("<unambiguous>")).unwrap();
}

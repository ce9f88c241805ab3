//! Files both ways: resumed, as text, under TLS, refused in the middle; and folders.

use crate::support::{ascii, explicit, kind, login, parsed, path, play, script, visit};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use wireline_ftp::{
    Algorithm, DataMode, Error, Login, Options, Retrieval, Security, Session, Type,
};
use wireline_wire::{Dialer, Endpoint, Sink};

/// What leads to a data connection.
const EPSV: &str = "C: EPSV\nS: 229 ok (|||{{data:port=50000}}|)\n";
const IMAGE: &str = "C: TYPE I\nS: 200 ok\n";

/// The same where nothing goes over it: a transcript listens only for a channel that it has lines of.
fn unused_data() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, format!("C: EPSV\nS: 229 ok (|||{port}|)\n"))
}

/// What leads to a data connection for these lines; the listener has to stay.
fn data_for(lines: &str) -> (Option<TcpListener>, String) {
    if lines.contains("/data") {
        return (None, EPSV.to_owned());
    }
    let (listener, epsv) = unused_data();
    (Some(listener), epsv)
}

fn fetch(session: &mut Session, retrieval: Retrieval) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let mut download = session.retr(&path("f"), retrieval)?;
    download.copy_to(&mut Sink::writer(&mut text), 1 << 20)?;
    download.finish()?;
    Ok(text)
}

fn put(session: &mut Session, bytes: &[u8]) -> Result<(), Error> {
    let mut upload = session.stor(&path("f"), 0)?;
    upload.send_from(&mut &*bytes)?;
    upload.finish().map(drop)
}

const WHOLE: Retrieval = Retrieval { offset: 0, size: None };

fn sized(size: u64) -> Retrieval {
    Retrieval { size: Some(size), ..WHOLE }
}

/// The ends of downloads. hostile.md rows 176 to 180, ftp-telnet.md rows 7 to 11, 20 to 25; fault
/// 23 of the matrix. `NOOP` shows that both sides are in step all the same.
#[test]
fn ends_of_downloads() {
    let hello = "S/data= hello\nS/data! close\n";
    let rows: &[(&str, Retrieval, &str)] = &[
        ("S: 150 ok\n{hello}S: 226 done\n", WHOLE, "hello"),
        ("S: 150 ok (5 bytes)\n{hello}S: 226 done\n", WHOLE, "hello"),
        ("S: 125 ok\n{hello}S: 250 done\n", sized(5), "hello"),
        ("S: 226 done\n{hello}", WHOLE, "hello"),
        ("S: 150 ok\nS: 226 done\n{hello}", WHOLE, "hello"),
        ("S: 150 ok\n{hello}S: 226 grown\n", sized(3), "hello"),
        ("S: 150 ok\nS/data! close\nS: 226 empty\n", sized(0), ""),
        ("S: 150 ok\n{hello}S: 226 done\n", sized(6), "cut RETR 5/6"),
        ("S: 150 ok (6 bytes)\n{hello}S: 226 done\n", WHOLE, "cut RETR 5/6"),
        ("S: 150 ok\n{hello}S: 426 aborted\n", sized(5), "426 RETR"),
        ("S: 150 ok\n{hello}S: 451 disk\n", WHOLE, "451 RETR"),
        ("S: 150 ok\n{hello}S: 551 disk\n", WHOLE, "551 RETR"),
        ("S: 150 ok\nS/data= he\nS/data! reset\nS: 426 broken\n", WHOLE, "426 RETR"),
        ("S: 550 no such file\n", WHOLE, "550 RETR"),
        ("S: 425 no connection\n", WHOLE, "425 RETR"),
    ];
    for (lines, retrieval, wanted) in rows {
        let lines = lines.replace("{hello}", hello);
        let (_listener, epsv) = data_for(&lines);
        let text = format!("{IMAGE}{epsv}C: RETR f\n{lines}C: NOOP\nS: 200 here\n");
        play(&script(&text), |line| {
            let mut session = line.anonymous(Options::default());
            let found = fetch(&mut session, *retrieval);
            let found = found.map(|text| String::from_utf8(text).unwrap());
            assert_eq!(found.unwrap_or_else(|error| kind(&error)), *wanted, "{text}");
            session.noop().unwrap();
        });
    }
}

/// After these the session is over. hostile.md rows 176, 179; ftp-telnet.md row 11.
#[test]
fn downloads_without_an_end() {
    let rows = [
        ("S: 150 ok\nS/data= hello\nS/data! close\nS! close\n", "lost RETR"),
        ("S: 150 ok\nS/data= hello\nS/data! close\nS= 226\nS! close\n", "lost RETR"),
        ("S: 150 ok\nS/data= hello\nS/data! close\nS! quiet 2s\nS: 226 late\n", "time RETR"),
        ("S: 150 ok\nS/data= hello\nS! quiet 2s\nS: 226 early\n", "data RETR"),
        ("S: 150 ok\nS/data! close\nS: 331 what\n", "violation RETR"),
        ("S! quiet 2s\nS: 150 late\n", "time RETR"),
        ("S! close\n", "lost RETR"),
        ("S: 421 going down\n", "421 RETR"),
        ("S: 150 ok\nS/data! close\nS: 421 going down\n", "421 RETR"),
    ];
    for (lines, wanted) in rows {
        let (_listener, epsv) = data_for(lines);
        visit(&script(&format!("{IMAGE}{epsv}C: RETR f\n{lines}")), |line| {
            let mut options = Options::default();
            options.limits.final_reply = std::time::Duration::from_millis(300);
            options.limits.aftermath = std::time::Duration::from_millis(300);
            let mut session = line.anonymous(options);
            assert_eq!(kind(&fetch(&mut session, WHOLE).unwrap_err()), wanted, "{lines}");
            assert!(session.is_over());
            assert_eq!(kind(&session.noop().unwrap_err()), "input");
        });
    }
}

/// hostile.md row 180, ftp-telnet.md row 31.
#[test]
fn the_rest_of_a_file() {
    let restart = "C: REST 3\n";
    let rows = [
        ("S: 350 go\nC: RETR f\nS: 150 ok\nS/data= lo\nS/data! close\nS: 226 done\n", "lo"),
        // Some announce all of the file, some the rest.
        ("S: 350 go\nC: RETR f\nS: 150 ok (5 bytes)\nS/data= lo\nS/data! close\nS: 226 k\n", "lo"),
        ("S: 350 go\nC: RETR f\nS: 150 ok (2 bytes)\nS/data= lo\nS/data! close\nS: 226 k\n", "lo"),
        ("S: 350 go\nC: RETR f\nS: 150 ok\nS/data= l\nS/data! close\nS: 226 k\n", "cut RETR 1/2"),
        ("S: 502 no\n", "502 REST"),
        ("S: 200 yes\n", "violation REST"),
    ];
    for (lines, wanted) in rows {
        let (_listener, epsv) = data_for(lines);
        play(&script(&format!("{IMAGE}{epsv}{restart}{lines}")), |line| {
            let mut session = line.anonymous(Options::default());
            let size = (!lines.contains("bytes")).then_some(5);
            let found = fetch(&mut session, Retrieval { offset: 3, size });
            let found = found.map(|text| String::from_utf8(text).unwrap());
            assert_eq!(found.unwrap_or_else(|error| kind(&error)), wanted, "{lines}");
        });
    }
    visit(&script(""), |line| {
        let refused = fetch(&mut line.anonymous(ascii()), Retrieval { offset: 3, size: None });
        assert_eq!(kind(&refused.unwrap_err()), "input");
    });
}

/// EPSV refused once, or leading nowhere, is not tried again; the address of PASV is not followed.
/// hostile.md row 174, ftp-telnet.md rows 20 to 23.
#[test]
fn passive_mode_and_its_memory() {
    let pasv = "C: PASV\nS: 227 ok ({{data:pasv=127,0,0,1,200,10}})\n";
    let file = "C: RETR f\nS: 150 ok\nS/data= x\nS/data! close\nS: 226 done\n";
    for refusal in ["S: 500 what\n", "S: 502 no\n", "S: 522 use (1)\n"] {
        let text = format!("{IMAGE}C: EPSV\n{refusal}{pasv}{file}{pasv}{file}");
        play(&script(&text), |line| {
            let mut session = line.anonymous(Options::default());
            assert!(session.is_extended());
            assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"x");
            assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"x");
            assert!(!session.is_extended());
            assert_eq!(session.ignored_address(), None);
        });
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!("{IMAGE}C: EPSV\nS: 229 ok (|||{closed}|)\n{pasv}{file}");
    play(&script(&text), |line| {
        assert_eq!(fetch(&mut line.anonymous(Options::default()), WHOLE).unwrap(), b"x");
    });
}

/// A foreign address in 227 is not connected to: the control connection's peer is, at that port.
#[test]
fn a_foreign_address_is_ignored() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let [high, low] = listener.local_addr().unwrap().port().to_be_bytes();
    let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"x").unwrap());
    let text = format!(
        "{IMAGE}C: PASV\nS: 227 (10,9,8,7,{high},{low})\nC: RETR f\nS: 150 ok\nS: 226 done\n"
    );
    visit(&script(&text), |line| {
        let mut session = line.anonymous(Options { extended: false, ..Options::default() });
        assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"x");
        assert_eq!(session.ignored_address().unwrap().to_string(), "10.9.8.7");
    });
    server.join().unwrap();
}

/// hostile.md row 174.
#[test]
fn ports_that_nobody_connects_to() {
    let rows = [
        ("EPSV", "229 ok (|||0|)"),
        ("EPSV", "229 ok (|||22|)"),
        ("EPSV", "229 ok (|||99999|)"),
        ("EPSV", "229 ok"),
        ("PASV", "227 (127,0,0,1,0,21)"),
        ("PASV", "227 (127,0,0,1,300,21)"),
        ("PASV", "227 ok"),
    ];
    for (verb, reply) in rows {
        visit(&script(&format!("{IMAGE}C: {verb}\nS: {reply}\n")), |line| {
            let options = Options { extended: verb == "EPSV", ..Options::default() };
            let failed = fetch(&mut line.anonymous(options), WHOLE).unwrap_err();
            assert_eq!(kind(&failed), format!("violation {verb}"), "{reply}");
        });
    }
}

/// EPRT refused once is not tried again; a server that cannot come says so.
#[test]
fn active_mode() {
    let options = Options { data_mode: DataMode::Active, ..Options::default() };
    let file = "C: RETR f\nS: 150 ok\nS/data= x\nS/data! close\nS: 226 done\n";
    // A transcript would dial a port that it knew of.
    let eprt = "C: EPRT {{*=|1|127.0.0.1|50000|}}\n";
    let port = "C: PORT {{data:pasv=127,0,0,1,200,10}}\nS: 200 ok\n";
    let text = format!("{IMAGE}{eprt}S: 500 what\n{port}{file}{port}{file}");
    play(&script(&text), |line| {
        let mut session = line.anonymous(options);
        assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"x");
        assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"x");
    });
    let unused = "C: EPRT {{*=|1|127.0.0.1|50000|}}\nS: 200 ok\nC: RETR f\nS: 150 ok\n";
    let text = format!("{IMAGE}{unused}S: 425 cannot connect\nC: NOOP\nS: 200 here\n");
    play(&script(&text), |line| {
        let mut session = line.anonymous(options);
        assert_eq!(kind(&fetch(&mut session, WHOLE).unwrap_err()), "425 RETR");
        session.noop().unwrap();
    });
}

/// A server by hand: hears lines, says what `answer` makes of each.
fn by_hand(mut answer: impl FnMut(&str, &mut TcpStream) + Send + 'static) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut control, _) = listener.accept().unwrap();
        control.write_all(b"220 ready\r\n").unwrap();
        let mut heard = Vec::new();
        let mut byte = [0];
        while control.read(&mut byte).is_ok_and(|count| count > 0) {
            heard.push(byte[0]);
            if byte == *b"\n" {
                answer(str::from_utf8(&heard).unwrap().trim_end(), &mut control);
                heard.clear();
            }
        }
    });
    Endpoint::new("127.0.0.1", port).unwrap()
}

/// hostile.md row 175, ftp-telnet.md row 24: another machine that connects in the server's place is
/// hung up on, and the server's connection is taken.
#[test]
fn who_else_connects_is_hung_up_on() {
    let mut port = 0;
    let mut others = Vec::new();
    let endpoint = by_hand(move |line, control| {
        let dial = |from: &str, port| {
            let mut dialer = Dialer::default();
            dialer.bind = Some(from.parse().unwrap());
            dialer.dial(&Endpoint::new("127.0.0.1", port).unwrap()).unwrap()
        };
        let reply = match line.split_once(' ') {
            Some(("EPRT", address)) => {
                port = address.split('|').nth(3).unwrap().parse().unwrap();
                others.push(dial("127.0.0.2", port));
                "200 ok"
            }
            Some(("RETR", _)) => {
                dial("127.0.0.1", port).send(b"the server's").unwrap();
                "150 ok\r\n226 done"
            }
            _ => "230 ok",
        };
        control.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
    });
    let options = Options { data_mode: DataMode::Active, ..Options::default() };
    let mut session = Session::connect(&Dialer::default(), &endpoint, options).unwrap();
    assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"the server's");
}

/// Bytes that no buffer holds, to and from files: the kernel moves them.
#[test]
fn files_of_some_size() {
    const BYTES: usize = 3_000_000;
    let text = format!(
        "{IMAGE}{EPSV}C: STOR f\nS: 150 ok\nC/data= {{{{*:bytes({BYTES})}}}}\nC/data! close\n\
         S: 226 done\n{EPSV}C: RETR f\nS: 150 ok\nS/data= {{{{*:bytes({BYTES})}}}}\n\
         S/data! close\nS: 226 done\n"
    );
    let secret = parsed(&format!(
        "@protocol ftp\n== test\nS: 220 ready\nC: AUTH TLS\nS: 234 go\nS! tls\nC: USER anonymous\n\
         S: 230 in\nC: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 ok\n{}",
        text.replace("S: 150 ok\n", "S: 150 ok\nS/data! tls\n")
    ));
    for (transcript, options) in [(script(&text), Options::default()), (secret, explicit())] {
        play(&transcript, |line| {
            let mut file = temporary_file();
            file.write_all(&vec![b'x'; BYTES]).unwrap();
            file.seek(SeekFrom::Start(0)).unwrap();
            let mut session = line.anonymous(options);
            let mut upload = session.stor(&path("f"), 0).unwrap();
            assert_eq!(upload.send_file(&file).unwrap(), BYTES as u64);
            upload.finish().unwrap();

            let file = temporary_file();
            let mut download = session.retr(&path("f"), sized(BYTES as u64)).unwrap();
            download.copy_to(&mut Sink::file(&file), u64::MAX).unwrap();
            download.finish().unwrap();
            assert_eq!(file.metadata().unwrap().len(), BYTES as u64);
        });
    }
}

/// A file without a name.
fn temporary_file() -> File {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("wireline-ftp-{}-{number}", std::process::id());
    let name = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&name).unwrap();
    std::fs::remove_file(&name).unwrap();
    file
}

/// A source that never ends.
struct Endless;

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

/// hostile.md row 185, fault 24: a server that has no room says so and is heard, though it reads
/// no more; what it says counts, whatever was sent.
#[test]
fn ends_of_uploads() {
    let rows = [
        ("S: 150 ok\nC/data= hello\nC/data! close\nS: 226 done\n", "ok"),
        ("S: 150 ok\nC/data= hello\nC/data! close\nS: 250 done\n", "ok"),
        ("S: 150 ok\nC/data= hello\nC/data! close\nS: 452 no room\n", "452 STOR"),
        ("S: 150 ok\nC/data= hello\nC/data! close\nS: 552 no room\n", "552 STOR"),
        ("S: 150 ok\nC/data= hello\nC/data! close\nS: 426 aborted\n", "426 STOR"),
        ("S: 550 no\n", "550 STOR"),
        ("S: 553 name\n", "553 STOR"),
    ];
    for (lines, wanted) in rows {
        let (_listener, epsv) = data_for(lines);
        let text = format!("{IMAGE}{epsv}C: STOR f\n{lines}C: NOOP\nS: 200 here\n");
        play(&script(&text), |line| {
            let mut session = line.anonymous(Options::default());
            let found = put(&mut session, b"hello");
            assert_eq!(
                found.map_or_else(|error| kind(&error), |()| "ok".into()),
                wanted,
                "{lines}"
            );
            session.noop().unwrap();
        });
    }
    for (reply, wanted) in [("552 no room", "552 STOR"), ("226 done", "violation STOR")] {
        let (_listener, epsv) = unused_data();
        let text = format!("{IMAGE}{epsv}C: STOR f\nS: 150 ok\nS: {reply}\n");
        visit(&script(&text), |line| {
            let mut session = line.anonymous(Options::default());
            let mut upload = session.stor(&path("f"), 0).unwrap();
            assert_eq!(kind(&upload.send_from(&mut Endless).unwrap_err()), wanted);
            assert_eq!(kind(&upload.send(b"more").unwrap_err()), "input");
            drop(upload);
            assert!(!session.is_over());
        });
    }
}

/// ftp-telnet.md row 30.
#[test]
fn text_has_the_line_ends_of_each_side() {
    let text = format!(
        "{EPSV}C: STOR f\nS: 150 ok\nC/data= a{{{{CR LF}}}}b{{{{CR LF}}}}c\nC/data! close\n\
         S: 226 done\n{EPSV}C: RETR f\nS: 150 ok (99 bytes)\n\
         S/data= a{{{{CR LF}}}}b{{{{CR}}}}c\nS/data! close\nS: 226 done\n"
    );
    play(&script(&text), |line| {
        let mut session = line.anonymous(ascii());
        put(&mut session, b"a\nb\r\nc").unwrap();
        // What a server announces counts bytes, not lines.
        assert_eq!(fetch(&mut session, sized(99)).unwrap(), b"a\nb\rc");
        session.set_transfer_type(Type::Image);
        assert_eq!(session.options().transfer_type, Type::Image);
    });
}

#[test]
fn appended_resumed_and_named_by_the_server() {
    let end = "C/data= x\nC/data! close\nS: 226 done\n";
    let text = format!(
        "{IMAGE}{EPSV}C: APPE f\nS: 150 ok\n{end}{EPSV}C: REST 7\nS: 350 go\nC: STOR f\nS: 150 ok\n\
         {end}{EPSV}C: STOU\nS: 150 FILE: f.1\n{end}"
    );
    play(&script(&text), |line| {
        let mut session = line.anonymous(Options::default());
        let mut upload = session.appe(&path("f")).unwrap();
        upload.send(b"x").unwrap();
        upload.finish().unwrap();
        let mut upload = session.stor(&path("f"), 7).unwrap();
        upload.send(b"x").unwrap();
        upload.finish().unwrap();
        let mut upload = session.stou().unwrap();
        assert_eq!(upload.unique_name(), Some(&b"f.1"[..]));
        upload.send(b"x").unwrap();
        upload.finish().unwrap();
    });
}

/// ftp-telnet.md row 32.
#[test]
fn aborted() {
    let rows = [
        "S/data! close\nS: 426 closed\nS: 226 aborted\n",
        "S/data! close\nS: 451 closed\nS: 225 aborted\n",
        "S/data! close\nS: 226 done\nC: NOOP\nS: 225 nothing to abort\nS: 200 here\n",
        "S/data! close\nS: 226 aborted\nC: NOOP\nS: 200 here\n",
        "S/data! close\nS: 426 closed\nS: 502 what\n",
    ];
    for lines in rows {
        let text = format!(
            "{IMAGE}{EPSV}C: RETR f\nS: 150 ok\nS/data= some\nC: ABOR\n{lines}C: PWD\nS: 257 \"/\"\n"
        );
        play(&script(&text), |line| {
            let mut session = line.anonymous(Options::default());
            session.retr(&path("f"), WHOLE).unwrap().abort().unwrap();
            assert_eq!(session.pwd().unwrap(), path("/"));
        });
    }
}

/// vsFTPd reads commands in turn: EPSV goes out behind the command before, and its reply is taken
/// when it is needed. What is odd is asked for again, and nothing is said ahead any more.
#[test]
fn said_ahead() {
    const FILE: &str = "S: 150 ok\nS/data= hello\nS/data! close\nS: 226 done\n";
    const ABORTED: &str = "S: 150 ok\nS/data= some\nC: ABOR\nS/data! close\nS: 426 closed\n";
    // Each connection is another channel: the next is listened on while one is open.
    const PORT: &str = "S: 229 ok (|||{{next:port=50000}}|)\n";
    let both = "C: RETR f\nC: EPSV\n";
    let alone = format!("{EPSV}C: RETR f\n{FILE}C: PWD\nS: 257 \"/\"\n");
    // Nobody is dialled there any more.
    let last = FILE.replace("data", "next");
    let last = format!("{both}{last}S: 229 ok (|||2000|)\nC: PWD\nS: 257 \"/\"\n");
    let (_listener, unused) = unused_data();
    let rows = [
        (format!("{EPSV}{both}{FILE}{PORT}{last}"), ["hello"; 2]),
        (format!("{unused}{both}S: 550 no\n{PORT}{last}"), ["550 RETR", "hello"]),
        (format!("{EPSV}{both}{FILE}S: 450 busy\n{alone}"), ["hello"; 2]),
        (format!("{EPSV}{both}{FILE}S: 229 what\n{alone}"), ["hello"; 2]),
        (
            format!("{EPSV}{both}S: 150 ok\nS/data! close\nS: 426 cut\n{PORT}{last}"),
            ["426 RETR", "hello"],
        ),
        (format!("{EPSV}{both}{ABORTED}{PORT}S: 225 none\n{last}"), ["aborted", "hello"]),
    ];
    for (lines, wanted) in rows {
        let begin = "@protocol ftp\n== test\nS: 220 (vsFTPd 3.0.3)\nC: USER anonymous\nS: 230 in\n";
        play(&parsed(&format!("{begin}{IMAGE}{lines}")), |line| {
            let mut session = line.anonymous(Options { ahead: true, ..Options::default() });
            let found = wanted.map(|wanted| match wanted {
                "aborted" => {
                    session.retr(&path("f"), WHOLE).unwrap().abort().unwrap();
                    wanted.to_owned()
                }
                _ => match fetch(&mut session, WHOLE) {
                    Ok(bytes) => String::from_utf8(bytes).unwrap(),
                    Err(error) => kind(&error),
                },
            });
            assert_eq!(found, wanted, "{lines}");
            assert_eq!(session.pwd().unwrap(), path("/"));
        });
    }
}

/// Nothing goes ahead to other servers, or unasked.
#[test]
fn nothing_said_ahead() {
    let file = "C: RETR f\nS: 150 ok\nS/data= hello\nS/data! close\nS: 226 done\n";
    for (greeting, ahead) in [("220 (vsFTPd 3.0.3)", false), ("220 ProFTPD Server", true)] {
        let text = format!(
            "@protocol ftp\n== test\nS: {greeting}\nC: USER anonymous\nS: 230 in\n{IMAGE}{EPSV}{file}{EPSV}{file}"
        );
        play(&parsed(&text), |line| {
            let mut session = line.anonymous(Options { ahead, ..Options::default() });
            for _ in 0..2 {
                assert_eq!(fetch(&mut session, WHOLE).unwrap(), b"hello");
            }
        });
    }
}

/// A guard that is dropped takes the session with it: nobody knows where it stands.
#[test]
fn dropped_in_the_middle() {
    let (_listener, epsv) = unused_data();
    let text = format!("{IMAGE}{epsv}C: RETR f\nS: 150 ok\n");
    visit(&script(&text), |line| {
        let mut session = line.anonymous(Options::default());
        drop(session.retr(&path("f"), WHOLE).unwrap());
        assert!(session.is_over());
        assert_eq!(kind(&session.noop().unwrap_err()), "input");
    });
}

/// TLS on both connections, resumed on the second (the server of a transcript does not insist).
/// ftp-telnet.md row 27: a data connection cut without a goodbye is whole only by its size.
#[test]
fn protected_files() {
    let protection = "C: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 ok\n";
    let begin = format!("C: USER alice\nS: 331 pass\nC: PASS xyzzy\nS: 230 in\n{protection}");
    let file = format!("{IMAGE}{EPSV}C: RETR f\nS: 150 ok\nS/data! tls\nS/data= hello\n");
    let rows = [
        ("S/data! close\nS: 226 done\n", WHOLE, "hello"),
        ("S/data! cut\nS: 226 done\n", sized(5), "hello"),
        ("S/data! cut\nS: 226 done\n", WHOLE, "cut RETR"),
        ("S/data! cut\nS: 226 done\n", sized(6), "cut RETR"),
    ];
    for (lines, retrieval, wanted) in rows {
        for security in [Security::Explicit, Security::Implicit] {
            let greeting = match security {
                Security::Implicit => "S! tls\nS: 220 ready\n",
                _ => "S: 220 ready\nC: AUTH TLS\nS: 234 go\nS! tls\n",
            };
            let text = format!("@protocol ftp\n== test\n{greeting}{begin}{file}{lines}");
            play(&parsed(&text), |line| {
                let mut session = line.connect(Options { security, ..Options::default() }).unwrap();
                session.login(&login("alice", "xyzzy")).unwrap();
                let found = fetch(&mut session, retrieval);
                let found = found.map(|text| String::from_utf8(text).unwrap());
                assert_eq!(found.unwrap_or_else(|error| kind(&error)), wanted, "{lines}");
            });
        }
    }
}

/// Sizes and times in one turn, but for servers that lose some. ftp-telnet.md row 13.
#[test]
fn what_is_said_of_a_file() {
    let feat = "C: FEAT\nS: 502 no\n";
    let together = "C: SIZE f\nC: MDTM f\nS: 550 no\nS: 213 20010909014640\n";
    let apart = "C: SIZE f\nS: 213 12\nC: MDTM f\nS: 500 no\n";
    let rows = [("ready", together, None, true), ("Microsoft FTP Service", apart, Some(12), false)];
    for (greeting, lines, size, dated) in rows {
        let text = format!(
            "@protocol ftp\n== test\nS: 220 {greeting}\nC: USER anonymous\nS: 230 in\n{feat}{IMAGE}{lines}"
        );
        play(&parsed(&text), |line| {
            let entry = line.anonymous(Options::default()).examine(&path("f")).unwrap();
            assert_eq!((entry.size, entry.modified.is_some()), (size, dated));
        });
    }
}

#[test]
fn checksums() {
    let feat = "C: FEAT\nS: 211-ok\nS:  HASH SHA-1*;SHA-256\nS:  XCRC\nS: 211 end\n";
    let sha = "a".repeat(64);
    let text = format!(
        "{feat}C: OPTS HASH SHA-256\nS: 200 SHA-256\nC: HASH f\nS: 213 SHA-256 0-49 {sha} f\n\
         C: HASH g\nS: 213 SHA-256 0-49 nothing g\nC: XCRC f\nS: 250 A1B2C\n"
    );
    play(&script(&text), |line| {
        let mut session = line.anonymous(Options::default());
        let sum = session.checksum(Algorithm::Sha256, &path("f")).unwrap();
        assert_eq!(sum.to_string(), format!("SHA-256 {sha}"));
        let none = session.checksum(Algorithm::Sha256, &path("g")).unwrap_err();
        assert_eq!(kind(&none), "violation HASH");
        assert_eq!(session.checksum(Algorithm::Crc32, &path("f")).unwrap().hex, "000a1b2c");
        let missing = session.checksum(Algorithm::Md5, &path("f")).unwrap_err();
        assert_eq!(kind(&missing), "unsupported");
    });
}

/// The paved path, with names in UTF-8.
#[test]
fn opened() {
    let text = "@protocol ftp\n== test\nS: 120 soon\nS: 220 ready\nC: USER anonymous\nS: 331 mail?\n\
        C: PASS anonymous@\nS: 230 in\nC: FEAT\nS: 211-ok\nS:  UTF8\nS:  MFMT\nS: 211 end\n\
        C: OPTS UTF8 ON\nS: 200 ok\nC: MFMT 20010909014640 f\nS: 213 Modify=20010909014640; f\n\
        C: SITE CHMOD 644 f\nS: 200 ok\nC: STAT f\nS: 213-status\nS:  f is here\nS: 213 end\n\
        C: QUIT\nS! close\n";
    play(&parsed(text), |line| {
        let login = Login::anonymous();
        let opened = Session::open(&line.dialer, &line.endpoint(), Options::default(), &login);
        let mut session = opened.unwrap();
        let at = time::UtcDateTime::from_unix_timestamp(1_000_000_000).unwrap();
        assert!(session.mfmt(at, &path("f")).unwrap());
        session.site_chmod(0o644, &path("f")).unwrap();
        let status = session.stat(Some(&path("f"))).unwrap();
        assert_eq!(status.middle_lines().count(), 1);
        assert!(session.quit().unwrap().is_none());
    });
}

//! Many commands under way: windows, refusals among them, speed over a long line.

use crate::support::{PATHS, Server, log_in, number, script};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use wireline_pop3::{Error, Limits, MessageNumber, Quit, Session};
use wireline_servers::LinkOptions;
use wireline_wire::Sink;

type Fetched = Vec<(u32, Option<Vec<u8>>)>;

fn fetch(session: &mut Session, count: u32) -> Result<Fetched, Error> {
    let mut fetched = Vec::new();
    let mut pipeline = session.retr_many((1..=count).map(number));
    while let Some(answer) = pipeline.answer()? {
        let message = answer.message().map_or(0, MessageNumber::get);
        let mut text = Vec::new();
        let ok = answer.reply().is_ok();
        answer.copy_to(&mut Sink::writer(&mut text), 1 << 20)?;
        fetched.push((message, ok.then_some(text)));
    }
    Ok(fetched)
}

/// A server with or without PIPELINING that refuses message 2.
fn refusing(pipelining: bool) -> String {
    let (verbs, replies): (Vec<_>, Vec<_>) = [
        ("C: RETR 1\n", "S: +OK\nS: one\nS: .. dot\nS: .\n"),
        ("C: RETR 2\n", "S: -ERR gone\n"),
        ("C: RETR 3\n", "S: +OK\nS: .\n"),
    ]
    .into_iter()
    .unzip();
    let capa = "S: +OK hi\nC: CAPA\nS: +OK\nS: UIDL\nS?: PIPELINING\nS: .\n";
    match pipelining {
        true => format!("{}{}{}", capa.replace("S?:", "S:"), verbs.concat(), replies.concat()),
        false => {
            let turns: String =
                verbs.iter().zip(&replies).map(|(say, hear)| format!("{say}{hear}")).collect();
            format!("{}{turns}", capa.replace("S?: PIPELINING\n", ""))
        }
    }
}

/// hostile.md row 192: one refusal among many is an answer, and the others go on.
#[test]
fn one_is_refused() {
    for pipelining in [true, false] {
        for split in PATHS {
            let server = Server::start(script(&refusing(pipelining)), split);
            let mut session = server.session();
            session.capa().unwrap();
            let fetched = fetch(&mut session, 3).unwrap();
            let wanted =
                [(1, Some(b"one\r\n. dot\r\n".to_vec())), (2, None), (3, Some(Vec::new()))];
            assert_eq!(fetched, wanted);
            drop(session);
            server.finish(&format!("pipelining {pipelining}, split {split:?}"));
        }
    }
}

/// What nobody reads is read over, in a pipeline and after a single command.
#[test]
fn unread_messages_are_skipped() {
    let server = Server::start(script(&refusing(true)), None);
    let mut session = server.session();
    session.capa().unwrap();
    let mut pipeline = session.retr_many((1..=3).map(number));
    let mut seen = 0;
    while pipeline.answer().unwrap().is_some() {
        seen += 1;
    }
    assert_eq!(seen, 3);
    drop(session);
    server.finish("unread");
}

/// A pipeline left in the middle leaves a session that says no more.
#[test]
fn a_pipeline_left_in_the_middle() {
    let server = Server::start(script(&refusing(true)), None);
    let mut session = server.session();
    session.capa().unwrap();
    drop(session.retr_many((1..=3).map(number)).answer().unwrap());
    assert!(matches!(session.noop(), Err(Error::Input(_))));
    assert!(matches!(session.quit(), Quit::Lost(Error::Input(_))));
}

/// DELE of many: who was refused, with the server's words.
#[test]
fn marks_are_refused_one_by_one() {
    let lines = "S: +OK hi\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: DELE 1\nC: DELE 2\nC: DELE 3\n\
                 S: +OK\nS: -ERR already\nS: +OK\nC: QUIT\nS: -ERR some messages not removed\n";
    for split in PATHS {
        let server = Server::start(script(lines), split);
        let mut session = server.session();
        session.capa().unwrap();
        let refused = session.dele_many((1..=3).map(number)).unwrap();
        assert_eq!(refused.len(), 1);
        assert_eq!((refused[0].0.get(), refused[0].1.text()), (2, &b"already"[..]));
        match session.quit() {
            Quit::Refused(reply) => assert_eq!(reply.text(), b"some messages not removed"),
            other => panic!("{other:?}"),
        }
        server.finish("DELE");
    }
}

/// STAT, LIST and UIDL go together when they may, and one after the other when not. No UIDL is no
/// failure.
#[test]
fn a_listing_in_one_flight() {
    let stat = ("C: STAT\n", "S: +OK 2 320\n");
    let list = ("C: LIST\n", "S: +OK\nS: 1 120\nS: 2 200\nS: .\n");
    for (uidl, has_ids) in [("S: +OK\nS: 1 a\nS: 2 b\nS: .\n", true), ("S: -ERR what?\n", false)] {
        let uidl = ("C: UIDL\n", uidl);
        let all = [stat, list, uidl];
        let ahead = all.map(|(say, _)| say).concat() + &all.map(|(_, hear)| hear).concat();
        let turns = all.map(|(say, hear)| format!("{say}{hear}")).concat();
        for (capability, rest) in [("PIPELINING", ahead), ("X", turns)] {
            let lines = format!(
                "S: +OK hi\nC: CAPA\nS: +OK\nS: {capability}\nS: .\n{rest}C: NOOP\nS: +OK\n"
            );
            let server = Server::start(script(&lines), Some(1));
            let mut session = server.session();
            session.capa().unwrap();
            let (stat, listing) = session.listing().unwrap();
            assert_eq!((stat.messages, listing.len()), (2, 2));
            assert_eq!(listing.has_unique_ids(), has_ids);
            session.noop().unwrap();
            drop(session);
            server.finish(&lines);
        }
    }
}

/// A refused LIST is one; the replies behind it are read all the same.
#[test]
fn a_listing_that_is_refused() {
    let lines = "S: +OK hi\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: STAT\nC: LIST\nC: UIDL\n\
                 S: +OK 1 1\nS: -ERR [SYS/TEMP] no\nS: +OK\nS: 1 a\nS: .\nC: NOOP\nS: +OK\n";
    let server = Server::start(script(lines), None);
    let mut session = server.session();
    session.capa().unwrap();
    let refused = session.listing();
    assert!(matches!(refused, Err(Error::Refused { doing: "LIST", .. })), "{refused:?}");
    session.noop().unwrap();
    server.finish("LIST refused");
}

/// 200 messages over a line with a round trip of 20 ms, from LIST to QUIT: the server below waits
/// for as many commands as a window has before it answers, so this also shows that the window is
/// filled again while messages come in.
#[test]
fn two_hundred_over_a_long_line() {
    const COUNT: u32 = 200;
    let window = Limits::default().window;
    let delay = Duration::from_millis(10);
    let options = LinkOptions { delay, ..LinkOptions::default() };
    let server = Server::behind(script(&mailbox(COUNT, window)), Some(options));
    let mut session = server.session();
    session.capa().unwrap();
    log_in(&mut session);
    let began = Instant::now();
    let (_, listing) = session.listing().unwrap();
    assert_eq!(listing.len(), 200);
    assert_eq!(fetch(&mut session, COUNT).unwrap().len(), 200);
    assert!(session.dele_many((1..=COUNT).map(number)).unwrap().is_empty());
    assert!(matches!(session.quit(), Quit::Done(_)));
    let took = began.elapsed();
    server.finish("two hundred");
    assert!(took < Duration::from_millis(500), "{took:?}");
}

/// A mailbox whose commands come as the client's window makes them come.
fn mailbox(count: u32, window: usize) -> String {
    let mut file =
        "S: +OK hi\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: USER mrose\nC: PASS {{pass}}\n\
        S: +OK\nS: +OK\nC: STAT\nC: LIST\nC: UIDL\nS: +OK 200 4000\nS: +OK\n"
            .to_owned();
    (1..=count).for_each(|nth| writeln!(file, "S: {nth} 20").unwrap());
    file.push_str("S: .\nS: +OK\n");
    (1..=count).for_each(|nth| writeln!(file, "S: {nth} id{nth}").unwrap());
    file.push_str("S: .\n");
    let reply = "S: +OK\nS: Subject: hi\nS:\nS: x\nS: .\n";
    batches(&mut file, "RETR", reply, count, window);
    batches(&mut file, "DELE", "S: +OK\n", count, window);
    file.push_str("C: QUIT\nS: +OK\n");
    file
}

/// A window of commands at first, half a window of replies, half a window of commands, and so on.
fn batches(file: &mut String, verb: &str, reply: &str, count: u32, window: usize) {
    let window = u32::try_from(window).unwrap();
    let (mut said, mut heard) = (0, 0);
    while heard < count {
        let upto = (heard + window).min(count);
        (said + 1..=upto).for_each(|nth| writeln!(file, "C: {verb} {nth}").unwrap());
        said = upto;
        let upto = if said == count { count } else { heard + window / 2 };
        (heard..upto).for_each(|_| file.push_str(reply));
        heard = upto;
    }
}

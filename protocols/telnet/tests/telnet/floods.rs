//! Peers that negotiate without end. The machine is fed without sockets, and once over one.

use crate::support::{LONG, with_peer};
use std::io::{Read as _, Write as _};
use wireline_telnet::{
    Decoder, Event, Limits, Notice, Nvt, Settings, Side, TelnetOption, Variable, Verb, Window,
    unix_characters,
};

const IAC: u8 = 255;

/// Everything that a terminal can tell.
fn talkative() -> Settings {
    Settings {
        window: Some(Window { columns: 255, rows: 255 }),
        environment: vec![Variable::new("USER", "joe").unwrap()],
        character_sets: vec!["UTF-8".try_into().unwrap()],
        special_characters: Some(unix_characters()),
        ..Settings::default()
    }
}

/// What the terminal says to a stream, and the notices of it.
fn heard(nvt: &mut Nvt, mut stream: &[u8]) -> (Vec<u8>, Vec<Notice>) {
    let (mut text, mut said, mut notices) = (Vec::new(), Vec::new(), Vec::new());
    while !stream.is_empty() {
        notices.extend(nvt.hear(&mut stream, &mut text));
        said.extend(nvt.take_answers());
    }
    (said, notices)
}

fn requests(answers: &[u8]) -> usize {
    let (mut decoder, mut rest, mut count) = (Decoder::new(1 << 20), answers, 0);
    while let Some(event) = decoder.next(&mut rest) {
        count += usize::from(matches!(event, Event::Negotiation(..)));
    }
    count
}

/// hostile.md row 186, ftp-telnet edges 42 and 43: a repetition is silence, a toggle one answer,
/// a million toggles a million short ones and no memory.
#[test]
fn floods() {
    const COUNT: usize = 1_000_000;
    let agreed = [IAC, Verb::Will.code(), 1];
    let refused = [IAC, Verb::Will.code(), 200];
    let off = [IAC, Verb::Wont.code(), 1];
    let rows: &[(Vec<u8>, usize)] = &[
        (agreed.repeat(COUNT), 1),
        (off.repeat(COUNT), 0),
        ([agreed, off].concat().repeat(COUNT / 2), COUNT),
        (refused.repeat(COUNT), COUNT),
        ([IAC, Verb::Dont.code(), 31].repeat(COUNT), 0),
        ([IAC, Verb::Do.code(), 31].repeat(COUNT), 1),
    ];
    for (stream, answers) in rows {
        let (said, notices) = heard(&mut Nvt::new(talkative(), 1024), stream);
        assert_eq!(requests(&said), *answers);
        assert!(said.len() <= stream.len() + 9, "a flood is not amplified");
        assert!(notices.len() <= COUNT);
    }
}

/// hostile.md row 189, ftp-telnet edge 42: every option there is, asked for twice.
#[test]
fn every_option() {
    let settings = Settings::default();
    for number in (0..=255).filter(|number| TelnetOption(*number) != TelnetOption::TIMING_MARK) {
        let option = TelnetOption(number);
        for (ask, side, yes, no) in [
            (Verb::Will, Side::Him, Verb::Do, Verb::Dont),
            (Verb::Do, Side::Us, Verb::Will, Verb::Wont),
        ] {
            let mut nvt = Nvt::new(settings.clone(), 1024);
            let agrees = settings.agrees(side, option);
            let (said, _) = heard(&mut nvt, &ask.encode(option));
            assert_eq!(said[..3], if agrees { yes } else { no }.encode(option), "{ask} {option}");
            assert_eq!(nvt.negotiation().is_on(side, option), agrees);
            // A parameter of an option that is off is nobody's business.
            let stray = wireline_telnet::subnegotiation(option, &[1]);
            let (said, notices) = heard(&mut Nvt::new(settings.clone(), 1024), &stray);
            assert_eq!((said, notices), (vec![], vec![Notice::Ignored(Some(option))]));
        }
    }
}

/// hostile.md rows 186 to 189: noise in the letters that matter. No panic, no request of ours for
/// anything, at most one word a request, and answers that another decoder can read.
#[test]
fn noise() {
    let letters =
        [IAC, IAC, IAC, 250, 240, 251, 252, 253, 254, 0, 1, 2, 3, 5, 6, 24, 31, 32, 34, 39, 42, 46];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % most as u64).unwrap()
    };
    for _ in 0..2_000 {
        let stream: Vec<u8> = (0..below(400)).map(|_| letters[below(letters.len())]).collect();
        let (mut decoder, mut rest, mut asked) = (Decoder::new(64), &stream[..], 0);
        while let Some(event) = decoder.next(&mut rest) {
            asked += usize::from(matches!(event, Event::Negotiation(..)));
        }
        let mut whole = Nvt::new(talkative(), 64);
        let (said, notices) = heard(&mut whole, &stream);
        assert!(requests(&said) <= asked, "{stream:?}");

        let mut torn = Nvt::new(talkative(), 64);
        let (mut said_torn, mut notices_torn) = (Vec::new(), Vec::new());
        for piece in stream.chunks(1 + below(7)) {
            let (said, notices) = heard(&mut torn, piece);
            said_torn.extend(said);
            notices_torn.extend(notices);
        }
        assert_eq!((said, notices), (said_torn, notices_torn), "{stream:?}");
    }
}

/// The same over a socket, with a peer that reads nothing until it has said everything.
#[test]
fn a_flood_over_a_socket() {
    let limits = Limits::default();
    let (mut session, peer) = with_peer(Settings::default(), limits, move |mut socket| {
        let toggles = [IAC, Verb::Will.code(), 1, IAC, Verb::Wont.code(), 1].repeat(50_000);
        socket.write_all(&toggles).unwrap();
        socket.write_all(b"\xff\xfa\x18\x01").unwrap();
        socket.write_all(&vec![b'x'; 8 << 20]).unwrap();
        socket.write_all(b"\xff\xf0still here").unwrap();
        let mut answers = vec![0; toggles.len()];
        socket.read_exact(&mut answers).unwrap();
        answers == [IAC, Verb::Do.code(), 1, IAC, Verb::Dont.code(), 1].repeat(50_000)
    });
    assert_eq!(session.read_until("still here", LONG).unwrap(), b"still here");
    let notices: Vec<_> = std::iter::from_fn(|| session.take_notice()).collect();
    assert_eq!(notices.len(), limits.notices);
    assert_eq!(notices.last(), Some(&Notice::Ignored(Some(TelnetOption::TTYPE))));
    assert!(peer.join().unwrap());
}

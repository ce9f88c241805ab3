//! Peers that leave, lie, stall or flood, at every stage.

use crate::support::{envelope, kind, name, send, smtp, visit};
use std::io::{self, Read};
use std::time::{Duration, Instant};
use wireline_servers::raw::{Act, Server};
use wireline_smtp::{Content, Error, Retry, Session};
use wireline_wire::{Dialer, Endpoint};

/// The stages of a session, what is said there, and what is answered when all is well.
const STAGES: [(&str, &str, &str); 6] = [
    ("the greeting", "", "S: 220 hi\n"),
    ("EHLO", "C: EHLO client.test\n", "S: 250-hi\nS: 250 HELP\n"),
    ("MAIL", "C: MAIL FROM:<a@b>\n", "S: 250 ok\n"),
    ("RCPT", "C: RCPT TO:<c@d>\n", "S: 250 ok\n"),
    ("DATA", "C: DATA\n", "S: 354 go\n"),
    ("the message", "C: hi\nC: .\n", "S: 250 ok\n"),
];

fn one_message(line: &crate::support::Line) -> Result<(), Error> {
    let mut options = smtp();
    options.limits.final_reply = Duration::from_millis(300);
    let mut session = Session::begin(line.dial(), options)?;
    let sent = send(&mut session, &envelope("a@b", &["c@d"]), "hi");
    if !matches!(sent, Err(Error::Refused { ref reply, .. }) if !reply.closes()) {
        assert!(session.is_over() || sent.is_ok());
    }
    sent.map(drop)
}

/// Stage by fault. Before the last dot nothing was handed over and another try is safe; behind it a
/// lost reply leaves the outcome unknown. hostile.md rows 77, 88, 196, 197; RFC 1047.
#[test]
fn every_stage() {
    let faults = [
        ("S! close\n", "lost", true),
        ("S! reset\n", "lost", true),
        ("S= 250-half{{CR LF}}\nS! close\n", "lost", true),
        ("S= 2\nS! close\n", "lost", true),
        ("S! quiet 2s\nS! close\n", "time", true),
        ("S: 421 4.3.2 going down\nS! close\n", "421", true),
        ("S= 250-a{{CR LF}}550 b{{CR LF}}\nS! close\n", "violation", false),
        ("S= hello{{CR LF}}\nS! close\n", "violation", false),
        ("S= 150 wait{{CR LF}}\nS! close\n", "violation", false),
    ];
    for (nth, (stage, ..)) in STAGES.iter().enumerate() {
        for (fault, wanted, safe) in faults {
            let mut text = "@protocol smtp\n@timeout 5s\n".to_owned();
            for (_, said, answered) in &STAGES[..nth] {
                text.push_str(&format!("{said}{answered}"));
            }
            text.push_str(&format!("{}{fault}", STAGES[nth].1));
            let error = visit(&text, Duration::from_millis(300), one_message).unwrap_err();
            let lost = wanted == "lost";
            let (wanted, retry) = match *stage {
                "the greeting" if lost => ("connection".to_owned(), Retry::Safe),
                "the message" if wanted != "421" => ("unknown".to_owned(), Retry::Never),
                _ if safe => (format!("{wanted} {stage}"), Retry::Safe),
                _ => (format!("{wanted} {stage}"), Retry::Never),
            };
            assert_eq!((kind(&error), error.retry()), (wanted, retry), "{stage}: {fault}");
        }
    }
}

/// The same where MAIL, RCPT and DATA go out together: the stage is that of the reply.
#[test]
fn pipelined() {
    let rows = [
        ("S! close\n", "lost MAIL"),
        ("S: 250 ok\nS! close\n", "lost RCPT"),
        ("S: 250 ok\nS: 250 ok\nS! close\n", "lost DATA"),
        ("S: 250 ok\nS: 421 going\nS! close\n", "421 RCPT"),
        ("S: 250 ok\nS: 250 ok\nS: 250 what\n", "violation DATA"),
        ("S: 250 ok\nS: 354 what\nS: 354 go\n", "violation RCPT"),
        ("S: 354 what\nS: 250 ok\nS: 354 go\n", "violation MAIL"),
        ("S: 550 no\nS: 503 no\nS: 503 no\n", "550 MAIL"),
        ("S: 550 no\nS: 503 no\nS: 354 go\nC: .\nS: 554 nothing\n", "550 MAIL"),
        ("S: 250 ok\nS: 250 ok\nS: 554 no\n", "554 DATA"),
    ];
    for (answered, wanted) in rows {
        let text = format!(
            "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\nS: 250 PIPELINING\n\
             C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\n{answered}"
        );
        let error = visit(&text, Duration::from_secs(2), |line| {
            send(&mut line.begin(), &envelope("a@b", &["c@d"]), "hi").unwrap_err()
        });
        assert_eq!(kind(&error), wanted, "{answered}");
    }
}

/// A refusal by the greeting.
#[test]
fn greetings() {
    for (greeting, wanted) in [
        ("S: 554 no service\n", "554 the greeting"),
        ("S: 421 busy\n", "421 the greeting"),
        ("S: 354 go\n", "violation the greeting"),
        ("S: +OK POP3\n", "violation the greeting"),
    ] {
        let text = format!("@protocol smtp\n{greeting}S! close\n");
        let error = visit(&text, Duration::from_secs(5), one_message).unwrap_err();
        assert_eq!(kind(&error), wanted);
    }
}

/// STARTTLS that is not offered, refused, or answered with more than a reply. hostile.md rows 124,
/// 125, 127 to 129; RFC 3207 section 4.
#[test]
fn upgrades() {
    let rows = [
        ("S: 250 HELP\n", "unsafe STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 454 not now\n", "unsafe STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 501 what\n", "unsafe STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 421 going\n", "unsafe STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS! close\n", "lost STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS= hm{{CR LF}}\n", "violation STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 354 go\n", "violation STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS= 220 go{{CR LF}}250 injected{{CR LF}}\n", "connection"),
        // The answer comes before the command.
        ("S= 250 STARTTLS{{CR LF}}220 go{{CR LF}}\nC! close\n", "violation STARTTLS"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS! tls wrong-host\n", "connection"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS! tls self-signed\n", "connection"),
        ("S: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nS! tls abort\n", "connection"),
    ];
    for (answered, wanted) in rows {
        let text = format!("@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\n{answered}");
        let error = visit(&text, Duration::from_secs(5), |line| {
            line.begin().start_tls("localhost").unwrap_err()
        });
        assert_eq!(kind(&error), wanted, "{answered}");
    }
}

/// hostile.md row 126: who knows no EHLO has no STARTTLS.
#[test]
fn a_downgrade_to_helo_is_seen() {
    let text = "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: 502 no\nC: HELO client.test\nS: 250 hi\nC! close\n";
    let error = visit(text, Duration::from_secs(5), |line| {
        line.begin().start_tls("localhost").unwrap_err()
    });
    assert_eq!(kind(&error), "unsafe STARTTLS");
}

/// hostile.md rows 77, 78: an EHLO without end, and one endless line.
#[test]
fn floods() {
    let endless = b"250-X\r\n".repeat(100_000);
    for flood in [endless, vec![b'2'; 1 << 20]] {
        let script =
            vec![Act::Send(b"220 hi\r\n".to_vec()), Act::Read(18), Act::Send(flood), Act::Close];
        let server = Server::start(vec![script]).unwrap();
        let endpoint = Endpoint::new("127.0.0.1", server.addr().port()).unwrap();
        let begun = Instant::now();
        let error = Session::begin(Dialer::default().dial(&endpoint).unwrap(), smtp()).unwrap_err();
        assert_eq!(kind(&error), "violation EHLO");
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}

/// An answer in the middle of a message is heard at once, though the server reads no further.
#[test]
fn refused_in_the_middle() {
    let rows: [(&[u8], &str); 3] = [
        (b"552 5.3.4 too big\r\n", "552 the message"),
        (b"421 going\r\n", "421 the message"),
        (b"250 already\r\n", "violation the message"),
    ];
    for (answer, wanted) in rows {
        let script = vec![
            Act::Send(b"220 hi\r\n".to_vec()),
            Act::Read(b"EHLO client.test\r\n".len()),
            Act::Send(b"250-hi\r\n250 PIPELINING\r\n".to_vec()),
            Act::Read(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n".len()),
            Act::Send(b"250 ok\r\n250 ok\r\n354 go\r\n".to_vec()),
            Act::Read(1 << 20),
            Act::Send(answer.to_vec()),
            Act::Pause(Duration::from_secs(3)),
        ];
        let server = Server::start(vec![script]).unwrap();
        let endpoint = Endpoint::new("127.0.0.1", server.addr().port()).unwrap();
        let wire = Dialer::default().dial(&endpoint).unwrap();
        let mut session = Session::begin(wire, smtp()).unwrap();
        let mut source = io::repeat(b'x').take(1 << 30);
        let mut content = Content::new(&mut source);
        let begun = Instant::now();
        let error = session.send(&envelope("a@b", &["c@d"]), &mut content).unwrap_err();
        assert_eq!(kind(&error), wanted);
        assert!(session.is_over());
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}

/// LMTP: when some have been told and the rest is lost, nobody knows.
#[test]
fn lmtp_is_lost_half_way() {
    let text = "@protocol lmtp\nS: 220 hi\nC: LHLO client.test\nS: 250 hi\nC: MAIL FROM:<a@b>\nS: 250 ok\n\
        C: RCPT TO:<c@d>\nS: 250 ok\nC: RCPT TO:<e@f>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\n\
        S: 250 ok\nS! close\n";
    let error = visit(text, Duration::from_secs(5), |line| {
        let mut session = line.begin_with(wireline_smtp::Options::lmtp(name()));
        send(&mut session, &envelope("a@b", &["c@d", "e@f"]), "hi").unwrap_err()
    });
    assert_eq!((kind(&error), error.retry()), ("unknown".to_owned(), Retry::Never));
}

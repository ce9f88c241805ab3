//! Transactions: what is said when, what is not said without leave, what becomes of each recipient.

use crate::support::{
    codes, envelope, kind, mailbox, name, parsed, play, send, send_last, smtp, visit,
};
use std::io::{self, Read};
use std::time::Duration;
use wireline_smtp::{Content, Line, MailParameters, Options, RcptParameters, Retry};

/// The dialogue up to EHLO, with these extensions.
fn offering(extensions: &[&str]) -> String {
    let mut text =
        "@protocol smtp\nS: 220 mx.test\nC: EHLO client.test\nS: 250-mx.test\n".to_owned();
    for extension in extensions {
        text.push_str(&format!("S: 250-{extension}\n"));
    }
    text + "S: 250 HELP\n"
}

/// Commands in a row are one turn: this server answers none before it has heard all.
#[test]
fn pipelined() {
    let text = offering(&["PIPELINING", "SIZE 100", "8BITMIME"])
        + "C= MAIL FROM:<a@b> SIZE=4{{CR LF}}\nC= RCPT TO:<c@d>{{CR LF}}\nC= RCPT TO:<e@f>{{CR LF}}\nC: DATA\n\
           S: 250 ok\nS: 250 ok\nS: 450 later\nS: 354 go\nC: hi\nC: .\nS: 250 2.0.0 taken\n\
           C= MAIL FROM:<> SIZE=4{{CR LF}}\nC= RCPT TO:<c@d>{{CR LF}}\nC: DATA\nS: 250 ok\nS: 550 no\nS: 503 why\n\
           C: RSET\nC= MAIL FROM:<a@b> SIZE=4{{CR LF}}\nC= RCPT TO:<c@d>{{CR LF}}\nC: DATA\n\
           S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nC: QUIT\nS: 250 taken\nS: 221 bye\n";
    play(&parsed(&text), |line| {
        let mut session = line.begin();
        let delivery = send(&mut session, &envelope("a@b", &["c@d", "e@f"]), "hi").unwrap();
        assert_eq!(codes(&delivery), [250, 450]);
        assert_eq!(delivery.reply.unwrap().enhanced().unwrap().to_string(), "2.0.0");
        let delivery = send(&mut session, &envelope("", &["c@d"]), "hi").unwrap();
        assert!(delivery.is_nothing() && delivery.reply.is_none());
        assert!(send_last(session, &envelope("a@b", &["c@d"]), "hi").unwrap().is_whole());
    });
}

/// Without PIPELINING each reply is awaited, and nothing pointless is said.
#[test]
fn step_by_step() {
    let text = offering(&[])
        + "C= MAIL FROM:<a@b>{{CR LF}}\nS: 550 5.7.1 no\n\
           C= MAIL FROM:<a@b>{{CR LF}}\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 450 no\nC: RCPT TO:<e@f>\nS: 550 no\n\
           C: RSET\nS: 250 ok\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 451 no\n\
           C: RSET\nS: 250 ok\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\n\
           C: hi\nC: .\nS: 554 spam\nC: QUIT\nS: 221 bye\n";
    play(&parsed(&text), |line| {
        let mut session = line.begin();
        let (one, two) = (envelope("a@b", &["c@d"]), envelope("a@b", &["c@d", "e@f"]));
        let refused = send(&mut session, &one, "hi").unwrap_err();
        assert_eq!((kind(&refused).as_str(), refused.retry()), ("550 MAIL", Retry::Never));
        assert_eq!(codes(&send(&mut session, &two, "hi").unwrap()), [450, 550]);
        let refused = send(&mut session, &one, "hi").unwrap_err();
        assert_eq!((kind(&refused).as_str(), refused.retry()), ("451 DATA", Retry::Safe));
        assert_eq!(kind(&send(&mut session, &one, "hi").unwrap_err()), "554 the message");
        session.quit().unwrap();
    });
}

/// More recipients than fit into a batch: every reply finds its recipient, and nobody waits for
/// the other.
#[test]
fn many_recipients() {
    let people: Vec<String> = (0..2000).map(|nth| format!("r{nth}@mx.test")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let mut text = offering(&["PIPELINING"]) + "C: MAIL FROM:<a@b>\nS: 250 ok\n";
    for one in &people {
        let code = if one.contains('7') { 550 } else { 250 };
        text.push_str(&format!("C: RCPT TO:<{one}>\nS: {code} ok\n"));
    }
    text.push_str("C: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 ok\n");
    let delivery = visit(&text, Duration::from_secs(20), |line| {
        send(&mut line.begin(), &envelope("a@b", &people), "hi").unwrap()
    });
    assert_eq!(delivery.recipients.len(), 2000);
    for outcome in &delivery.recipients {
        assert_eq!(outcome.is_accepted(), !outcome.mailbox.as_str().contains('7'));
    }
}

/// Everything that the server did not offer is refused before anything is said; hostile.md rows
/// 18 and 199, RFC 1870 section 6.
#[test]
fn not_offered() {
    let text = offering(&["SIZE 10"]) + "C! close\n";
    play(&parsed(&text), |line| {
        let mut session = line.begin();
        let plain = envelope("a@b", &["c@d"]);
        let mut dsn = plain.clone();
        dsn.recipients[0].parameters.notify = Some(Default::default());
        let mut tls = plain.clone();
        tls.parameters.require_tls = true;
        let rows = [
            (&plain, "more than ten bytes", "input"),
            (&plain, "\u{e4}", "unsupported"),
            (&envelope("ä@b", &["c@d"]), "x", "unsupported"),
            (&envelope("a@b", &["ä@d"]), "x", "unsupported"),
            (&envelope("a@b", &[]), "x", "input"),
            (&dsn, "x", "unsupported"),
            (&tls, "x", "unsupported"),
            // hostile.md row 17.
            (&plain, "a\0b", "input"),
        ];
        for (envelope, message, wanted) in rows {
            let refused = send(&mut session, envelope, message).unwrap_err();
            assert_eq!(kind(&refused), wanted, "{message}");
        }
        assert!(!session.is_over());
    });
}

#[test]
fn offered() {
    let text = offering(&["SMTPUTF8", "8BITMIME", "REQUIRETLS", "SIZE 0"])
        + "C= MAIL FROM:<ä@b> SIZE=4 BODY=8BITMIME SMTPUTF8{{CR LF}}\nS: 250 ok\nC= RCPT TO:<c@xn--d-0fa.test>{{CR LF}}\n\
           S: 250 ok\nC: DATA\nS: 354 go\nC: ö\nC: .\nS: 250 ok\n\
           C= MAIL FROM:<a@b> BODY=8BITMIME{{CR LF}}\nS: 250 ok\nC= RCPT TO:<c@d>{{CR LF}}\n\
           S: 250 ok\nC: DATA\nS: 354 go\nC: ö\nC: .\nS: 250 ok\n";
    play(&parsed(&text), |line| {
        let mut session = line.begin();
        send(&mut session, &envelope("ä@b", &["c@dä.test"]), "ö").unwrap();
        // From a pipe nothing is known.
        let plain = envelope("a@b", &["c@d"]);
        session.send(&plain, &mut Content::new(&mut "ö".as_bytes())).unwrap();
        let mut tls = plain;
        tls.parameters.require_tls = true;
        assert_eq!(kind(&send(&mut session, &tls, "x").unwrap_err()), "unsafe MAIL");
    });
}

/// RFC 5321 section 4.5.2; hostile.md rows 15 and 16: whatever goes in, the server sees the end
/// where it is, and every byte before it.
#[test]
fn contents() {
    let rows = [
        ("", "C: .\n"),
        (".", "C: ..\nC: .\n"),
        ("..\r\n.\r\n", "C: ...\nC: ..\nC: .\n"),
        ("a", "C: a\nC: .\n"),
        ("a\r\n", "C: a\nC: .\n"),
        ("a\n.\nb\n", "C: a\nC: ..\nC: b\nC: .\n"),
        ("a\n.\r\nb", "C: a\nC: ..\nC: b\nC: .\n"),
        ("a\r\n.\nb", "C: a\nC: ..\nC: b\nC: .\n"),
        ("a\r.\rb", "C: a\nC: ..\nC: b\nC: .\n"),
        ("a\r\n\r\n.b", "C: a\nC:\nC: ..b\nC: .\n"),
    ];
    for (message, said) in rows {
        let text = offering(&[])
            + "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\n"
            + said
            + "S: 250 ok\nC! close\n";
        play(&parsed(&text), |line| {
            // One byte a read: a dot may be the first of its piece.
            let mut source = Drops(message.as_bytes());
            let mut content = Content::new(&mut source);
            let mut session = line.begin_with({
                let mut options = smtp();
                options.limits.chunk_bytes = 2;
                options
            });
            session.send(&envelope("a@b", &["c@d"]), &mut content).unwrap();
        });
    }
}

/// A source of one byte a read.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = usize::from(!buffer.is_empty());
        (&mut self.0).take(count as u64).read(buffer)
    }
}

/// A source that fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.is_empty() {
            true => Err(io::Error::other("the disk is gone")),
            false => self.0.read(buffer),
        }
    }
}

/// What cannot be sent to its end is never ended: no dot, and nothing after it. hostile.md rows
/// 17 and 199.
#[test]
fn contents_that_end_early() {
    let text = offering(&[])
        + "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\n\
           C*: {{*:/x*/}}\nC! close\n";
    let rows: [(&[u8], bool, &str); 3] = [
        (b"xxxx\r\nxxxx\0", false, "input"),
        (b"xxxx\r\nxxxx\xe4", false, "unsupported"),
        (b"xxxx\r\nxxxx", true, "local"),
    ];
    for (bytes, fails, wanted) in rows {
        let came = visit(&text, Duration::from_secs(5), |line| {
            let mut options = smtp();
            options.limits.chunk_bytes = 6;
            let mut session = line.begin_with(options);
            let (mut bytes, mut failing) = (bytes, Failing(bytes));
            let mut content = match fails {
                true => Content::new(&mut failing),
                false => Content::new(&mut bytes),
            };
            let refused = session.send(&envelope("a@b", &["c@d"]), &mut content).unwrap_err();
            assert_eq!(refused.retry(), Retry::Never);
            assert!(session.is_over());
            assert_eq!(kind(&session.noop().unwrap_err()), "input");
            kind(&refused)
        });
        assert_eq!(came, wanted);
    }
}

#[test]
fn verbs() {
    let text = offering(&[])
        + "C: NOOP\nS: 250 ok\nC: HELP\nS: 214-a\nS: 214 b\nC: HELP mail\nS: 504 no\nC: XYZ a b\nS: 599 odd\n\
           C: HELO client.test\nS: 250 mx.test\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n\
           C: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 ok\nC: EHLO client.test\nS: 250-mx.test\nS: 250 SIZE\n\
           C: VRFY who\nS: 252 perhaps\nC: QUIT\nS: 221 bye\n";
    play(&parsed(&text), |line| {
        let (asked, raw) = (Line::try_from("mail").unwrap(), Line::try_from("XYZ a b").unwrap());
        let mut session = line.begin();
        assert_eq!(session.greeting().first_line(), b"mx.test");
        session.noop().unwrap();
        assert_eq!(session.help(None).unwrap().lines().count(), 2);
        assert_eq!(kind(&session.help(Some(&asked)).unwrap_err()), "504 HELP");
        assert_eq!(session.command(&raw).unwrap().code().number(), 599);
        session.helo().unwrap();
        assert!(!session.capabilities().has("HELP"));
        session.mail(&mailbox("a@b").into(), &MailParameters::default()).unwrap();
        session.rcpt(&mailbox("c@d"), &RcptParameters::default()).unwrap();
        assert_eq!(session.data(&mut Content::new(&mut &b"hi"[..])).unwrap().len(), 1);
        session.ehlo().unwrap();
        assert!(session.capabilities().has("SIZE"));
        assert_eq!(session.vrfy(&Line::try_from("who").unwrap()).unwrap().code().number(), 252);
        session.quit().unwrap();
    });
}

/// RFC 3030: chunks ahead of their replies, a refusal that ends them, by hand and by `send`.
#[test]
fn chunks() {
    let begun = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nS: 250 ok\nS: 250 ok\n";
    let text = offering(&["PIPELINING", "CHUNKING"])
        + begun
        + "C: BDAT 4\nC= aa{{CR LF}}\nC: BDAT 4\nC= .b{{CR LF}}\nC: BDAT 3 LAST\nC= c{{CR LF}}\n\
           S: 250 1\nS: 250 2\nS: 250 taken\n"
        + begun
        + "C: BDAT 4\nC= aa{{CR LF}}\nC: BDAT 4\nC= .b{{CR LF}}\nC: BDAT 3 LAST\nC= c{{CR LF}}\n\
           S: 250 1\nS: 552 5.3.4 big\nS: 503 no\n\
           C: RSET\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nS: 250 ok\nS: 250 ok\nS: 550 no\n\
           C: RSET\nS: 250 ok\nC: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n\
           C: BDAT 2\nC= hi\nS: 250 ok\nC: BDAT 0 LAST\nS: 250 taken\n";
    play(&parsed(&text), |line| {
        let mut options = Options { chunking: true, ..smtp() };
        options.limits.chunk_bytes = 3;
        let mut session = line.begin_with(options);
        let plain = envelope("a@b", &["c@d"]);
        let mut source = &b"aa\n.b\nc"[..];
        assert!(session.send(&plain, &mut Content::new(&mut source)).unwrap().is_whole());
        let mut source = &b"aa\n.b\nc"[..];
        let refused = session.send(&plain, &mut Content::new(&mut source)).unwrap_err();
        assert_eq!(kind(&refused), "552 BDAT");
        assert!(send(&mut session, &plain, "hi").unwrap().is_nothing());
        session.rset().unwrap();
        session.mail(&mailbox("a@b").into(), &MailParameters::default()).unwrap();
        session.rcpt(&mailbox("c@d"), &RcptParameters::default()).unwrap();
        assert_eq!(session.bdat(b"hi", false).unwrap().len(), 1);
        assert_eq!(session.bdat(b"", true).unwrap().len(), 1);
    });
}

/// Without PIPELINING a chunk waits for the reply to the one before, and none follows a refusal.
#[test]
fn chunks_one_by_one() {
    let text = offering(&["CHUNKING"])
        + "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\n\
           C: BDAT 4\nC= aa{{CR LF}}\nS: 250 1\nC: BDAT 4\nC= .b{{CR LF}}\nS: 452 full\n\
           C: QUIT\nS: 221 bye\n";
    play(&parsed(&text), |line| {
        let mut options = Options { chunking: true, ..smtp() };
        options.limits.chunk_bytes = 3;
        let mut session = line.begin_with(options);
        let mut source = &b"aa\n.b\nc"[..];
        let plain = envelope("a@b", &["c@d"]);
        let refused = session.send(&plain, &mut Content::new(&mut source)).unwrap_err();
        assert_eq!((kind(&refused).as_str(), refused.retry()), ("452 BDAT", Retry::Safe));
        session.quit().unwrap();
    });
}

/// RFC 2033 section 4.2: a reply for every recipient that was accepted, and one that says goodbye
/// speaks for those that are left.
#[test]
fn lmtp() {
    let text = "@protocol lmtp\nS: 220 hi\nC: LHLO client.test\nS: 250-hi\nS: 250 PIPELINING\n\
        C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nC: RCPT TO:<g@h>\nC: DATA\n\
        S: 250 ok\nS: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 ok\nS: 421 going\n";
    play(&parsed(text), |line| {
        let mut session = line.begin_with(Options::lmtp(name()));
        let people = envelope("a@b", &["c@d", "e@f", "g@h"]);
        let delivery = send(&mut session, &people, "hi").unwrap();
        assert_eq!(codes(&delivery), [250, 550, 421]);
        assert!(session.is_over() && delivery.reply.is_none());
    });
}

/// EHLO is replaced by HELO when the server does not know it, and not when it says no.
#[test]
fn fallback() {
    for (code, falls_back) in [
        (500, true),
        (502, true),
        (504, true),
        (550, false),
        (501, false),
        (451, false),
        (421, false),
    ] {
        let helo = if falls_back { "C: HELO client.test\nS: 250 mx.test\n" } else { "" };
        let text = format!(
            "@protocol smtp\nS: 220 hi\nC: EHLO client.test\nS: {code} no\n{helo}C! close\n"
        );
        play(&parsed(&text), |line| {
            let begun = wireline_smtp::Session::begin(line.dial(), smtp());
            match begun {
                Ok(session) => assert!(falls_back && !session.capabilities().has("HELP")),
                Err(error) => assert_eq!(kind(&error), format!("{code} EHLO")),
            }
        });
    }
}

/// TLS from the first byte; a message larger than a record, and one in the same session after it.
#[test]
fn under_tls() {
    let lines = "C: 0123456789\n".repeat(3000);
    let one = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n";
    let text = format!(
        "@protocol smtp\nS! tls\nS: 220 hi\nC: EHLO client.test\nS: 250-hi\nS: 250 PIPELINING\n\
         {one}{lines}C: .\nS: 250 ok\n{one}C: hi\nC: .\nC: QUIT\nS: 250 ok\nS: 221 bye\nS! close\n"
    );
    play(&parsed(&text), |line| {
        let wire = line.dial().start_tls("localhost").unwrap();
        let mut session = wireline_smtp::Session::begin(wire, smtp()).unwrap();
        assert!(session.is_tls());
        let envelope = envelope("a@b", &["c@d"]);
        send(&mut session, &envelope, &"0123456789\n".repeat(3000)).unwrap();
        send_last(session, &envelope, "hi").unwrap();
    });
}

/// Whoever is refused says goodbye all the same.
#[test]
fn refused_and_gone() {
    let text = offering(&[]) + "C: MAIL FROM:<a@b>\nS: 550 no\nC: QUIT\nS: 221 bye\n";
    play(&parsed(&text), |line| {
        let refused = send_last(line.begin(), &envelope("a@b", &["c@d"]), "hi").unwrap_err();
        assert_eq!(kind(&refused), "550 MAIL");
    });
}

/// RFC 2920 section 3.1: what follows a message may leave with its end. The next envelope does, its
/// replies come behind the message's, whatever that was, and only that message may follow.
#[test]
fn the_next_envelope_goes_ahead() {
    let group = "C= MAIL FROM:<a@b>{{CR LF}}\nC= RCPT TO:<c@d>{{CR LF}}\nC: DATA\n";
    let taken = "S: 250 ok\nS: 250 ok\nS: 354 go\n";
    let text = offering(&["PIPELINING"])
        + group
        + taken
        + "C: one\nC: .\n"
        + group
        + "S: 250 taken\n"
        + taken
        + "C: two\nC: .\n"
        + group
        + "S: 554 spam\nS: 250 ok\nS: 550 nobody\nS: 503 no\n"
        + "C: RSET\n"
        + group
        + "S: 250 ok\n"
        + taken
        + "C: four\nC: .\n"
        + group
        + "S: 250 taken\n"
        + taken;
    play(&parsed(&text), |line| {
        let (mut session, envelope) = (line.begin(), envelope("a@b", &["c@d"]));
        let ahead = |session: &mut wireline_smtp::Session, text: &str| {
            let (mut source, mut nothing) = (text.as_bytes(), io::empty());
            let next = (&envelope, &Content::new(&mut nothing).with_8bit(false));
            session.send_before(&envelope, &mut Content::new(&mut source).with_8bit(false), next)
        };
        assert!(ahead(&mut session, "one").unwrap().is_whole());
        assert_eq!(kind(&ahead(&mut session, "two").unwrap_err()), "554 the message");
        assert!(ahead(&mut session, "three").unwrap().is_nothing());
        assert!(ahead(&mut session, "four").unwrap().is_whole());
        assert!(!session.is_over());
        // The server waits for a message now: nothing else is said, and no other message is sent.
        assert!(session.noop().is_err());
        let other = crate::support::envelope("x@b", &["c@d"]);
        assert!(send(&mut session, &other, "five").is_err() && session.is_over());
    });
}

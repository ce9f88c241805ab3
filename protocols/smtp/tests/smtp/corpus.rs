//! The RFCs' own dialogues, with this client in the place of theirs.

use crate::support::{codes, corpus, envelope, mailbox, name, play, send, send_last, smtp};
use wireline_smtp::{
    Content, EnvelopeId, Line, MailParameters, Notify, Options, OriginalRecipient, RcptParameters,
    Recipient, Ret,
};

#[test]
fn rfc_5321_typical() {
    play(&corpus("5321-d1-typical.wire"), |line| {
        let envelope =
            envelope("Smith@bar.com", &["Jones@foo.com", "Green@foo.com", "Brown@foo.com"]);
        let message = "Blah blah blah...\r\n..etc. etc. etc.\r\n";
        let delivery = send_last(line.begin(), &envelope, message).unwrap();
        assert_eq!(codes(&delivery), [250, 550, 250]);
        assert!(!delivery.is_whole() && !delivery.is_nothing());
        let refused: Vec<_> = delivery.refused().map(|one| one.mailbox.as_str()).collect();
        assert_eq!(refused, ["Green@foo.com"]);
    });
}

#[test]
fn rfc_5321_aborted() {
    play(&corpus("5321-d2-aborted.wire"), |line| {
        let mut session = line.begin();
        let none = RcptParameters::default();
        session.mail(&mailbox("Smith@bar.com").into(), &MailParameters::default()).unwrap();
        session.rcpt(&mailbox("Jones@foo.com"), &none).unwrap();
        let refused = session.rcpt(&mailbox("Green@foo.com"), &none).unwrap_err();
        assert_eq!(refused.to_string(), "RCPT: 550 No such user here");
        session.rset().unwrap();
        session.quit().unwrap();
    });
}

#[test]
fn rfc_5321_relayed() {
    play(&corpus("5321-d3-relayed.wire"), |line| {
        let envelope = envelope("JQP@bar.com", &["Jones@XYZ.COM"]);
        let to_the_relay = "Date: Thu, 21 May 1998 05:33:29 -0700\nFrom: John Q. Public <JQP@bar.com>\n\
            Subject: The Next Meeting of the Board\nTo: Jones@xyz.com\n\nBill:\n\
            The next meeting of the board of directors will be\non Tuesday.\nJohn.\n";
        send_last(line.begin(), &envelope, to_the_relay).unwrap();
        let onwards = "Received: from bar.com by foo.com ; Thu, 21 May 1998\n    05:33:29 -0700\n\
            Date: Thu, 21 May 1998 05:33:29 -0700\nFrom: John Q. Public <JQP@bar.com>\n\
            Subject:  The Next Meeting of the Board\nTo: Jones@xyz.com\n\nBill:\n\
            The next meeting of the board of directors will be\non Tuesday.\n                        John.\n";
        send_last(line.begin(), &envelope, onwards).unwrap();
    });
}

#[test]
fn rfc_5321_verify() {
    play(&corpus("5321-d4-verify.wire"), |line| {
        let mut session = line.begin();
        let reply = session.vrfy(&Line::try_from("Crispin").unwrap()).unwrap();
        assert_eq!(reply.first_line(), b"Mark Crispin <Admin.MRC@foo.com>");
        let envelope = envelope("EAK@bar.com", &["Admin.MRC@foo.com"]);
        send_last(session, &envelope, "Blah blah blah...\n...etc. etc. etc.\n").unwrap();
    });
}

#[test]
fn rfc_5321_forwarding() {
    play(&corpus("5321-3.4-forwarding.wire"), |line| {
        let envelope = envelope("Smith@bar.com", &["Jones@foo.com", "Green@foo.com"]);
        let message = "Subject: forwarded\r\n\r\nBlah blah blah.\r\n";
        let delivery = send_last(line.begin(), &envelope, message).unwrap();
        assert_eq!(codes(&delivery), [251, 551]);
    });
}

#[test]
fn rfc_5321_debugging() {
    play(&corpus("5321-3.5.1-debugging.wire"), |line| {
        let mut session = line.begin();
        let list = session.expn(&Line::try_from("Example-People").unwrap()).unwrap();
        assert_eq!(list.lines().count(), 3);
        assert!(session.expn(&Line::try_from("Executive-Washroom-List").unwrap()).is_err());
        session.quit().unwrap();
        let mut session = line.begin();
        for _ in 0..3 {
            let ambiguous = session.vrfy(&Line::try_from("Smith").unwrap()).unwrap_err();
            assert!(ambiguous.to_string().starts_with("VRFY: 553 "), "{ambiguous}");
        }
        session.quit().unwrap();
    });
}

#[test]
fn rfc_3207_starttls() {
    play(&corpus("3207-5-starttls.wire"), |line| {
        let session = line.begin();
        assert!(session.capabilities().has("STARTTLS") && !session.is_tls());
        let session = session.start_tls("localhost").unwrap();
        assert!(!session.capabilities().has("STARTTLS") && session.is_tls());
    });
}

const PEOPLE: &[&str] = &["ned@innosoft.com", "dan@innosoft.com", "kvc@innosoft.com"];

#[test]
fn rfc_2920() {
    let everybody = envelope("mrose@dbc.mtview.ca.us", PEOPLE);
    play(&corpus("2920-4-pipelined.wire"), |line| {
        let message = "Subject: pipelining\n\nFour times I wait for you.\n";
        let delivery = send_last(line.begin(), &everybody, message).unwrap();
        assert!(delivery.is_whole());
    });
    play(&corpus("2920-4-all-refused.wire"), |line| {
        for _ in 0..2 {
            let envelope =
                envelope("mrose@dbc.mtview.ca.us", &["nsb@thumper.bellcore.com", "galvin@tis.com"]);
            let delivery = send_last(line.begin(), &envelope, "Subject: never sent\n\n").unwrap();
            assert_eq!(codes(&delivery), [550, 550]);
            assert!(delivery.is_nothing() && delivery.reply.is_none());
        }
    });
}

#[test]
fn rfc_3030() {
    let chunking = || Options { chunking: true, ..smtp() };
    play(&corpus("3030-4.1-chunking.wire"), |line| {
        let message = "To: Susan@random.com\r\nFrom: Sam@random.com\r\n\
            Subject: This is a bodyless test message\r\n";
        let envelope = envelope("Sam@Random.com", &["Susan@Random.com"]);
        assert!(send_last(line.begin_with(chunking()), &envelope, message).unwrap().is_whole());
    });
    play(&corpus("3030-4.2-binarymime.wire"), |line| {
        let mut options = chunking();
        options.limits.chunk_bytes = 100_000;
        let people = ["gvaudre@cnri.reston.va.us", "jstewart@cnri.reston.va.us"];
        let envelope = envelope("ned@ymir.claremont.edu", &people);
        let bytes = vec![0_u8; 100_324];
        let mut source = &bytes[..];
        let mut content = Content::new(&mut source).binary();
        let mut session = line.begin_with(options);
        assert!(session.send(&envelope, &mut content).unwrap().is_whole());
        session.quit().unwrap();
    });
}

#[test]
fn rfc_1870() {
    play(&corpus("1870-8-size.wire"), |line| {
        let people = ["ned@innosoft.com", "ned@ymir.claremont.edu", "ned@hmcvax.claremont.edu"];
        let mut source = &b"From: ned@thor.innosoft.com\r\nTo: ned@innosoft.com\r\n\
            Subject: a large one\r\n\r\nIt could have been larger.\r\n"[..];
        let mut content = Content::new(&mut source).sized(500_000).with_8bit(false);
        let mut session = line.begin();
        let envelope = envelope("ned@thor.innosoft.com", &people);
        let delivery = session.send(&envelope, &mut content).unwrap();
        assert_eq!(codes(&delivery), [250, 552, 452]);
        assert!(delivery.refused().all(|one| one.is_one_too_many()));
        session.quit().unwrap();
    });
}

#[test]
fn rfc_2033() {
    play(&corpus("2033-4.2-lmtp.wire"), |line| {
        let session = line.begin_with(Options::lmtp(name()));
        let people = ["pat@foo.edu", "jones@foo.edu", "green@foo.edu"];
        // The line of the file is the stuffed one.
        let message = "Blah blah blah...\r\n..etc. etc. etc.\r\n";
        let delivery = send_last(session, &envelope("chris@bar.com", &people), message).unwrap();
        assert_eq!(codes(&delivery), [250, 550, 452]);
        assert_eq!(delivery.accepted().count(), 1);
    });
}

#[test]
fn rfc_3461() {
    let recipient = |typed, success, failure| Recipient {
        mailbox: mailbox(typed),
        parameters: RcptParameters {
            notify: Some(Notify { success, failure, delay: false }),
            orcpt: (success || failure)
                .then(|| OriginalRecipient::mailbox(&mailbox(typed)).unwrap()),
            more: Vec::new(),
        },
    };
    play(&corpus("3461-10.1-dsn-submission.wire"), |line| {
        let mut envelope = envelope("Alice@Example.ORG", &[]);
        envelope.parameters.ret = Some(Ret::Headers);
        envelope.parameters.envid = Some(EnvelopeId::try_from("QQ314159").unwrap());
        envelope.recipients = vec![
            recipient("Bob@Example.COM", true, false),
            recipient("Carol@Ivory.EDU", false, true),
            recipient("Dana@Ivory.EDU", true, true),
            recipient("Eric@Bombs.AF.MIL", false, true),
            recipient("Fred@Bombs.AF.MIL", false, false),
            recipient("George@Tax-ME.GOV", false, true),
        ];
        let message = "From: Alice@Example.ORG\nSubject: (message goes here)\n\nsix recipients\n";
        let delivery = send_last(line.begin(), &envelope, message).unwrap();
        assert!(delivery.is_whole());
    });
}

/// A server without EHLO: no extension is used.
#[test]
fn rfc_2920_without() {
    let text = "@protocol smtp\nS: 220 Innosoft.com SMTP service ready\n\
        C: EHLO client.test\nS: 502 what?\nC: HELO client.test\nS: 250 Innosoft.com\n\
        C= MAIL FROM:<a@b>{{CR LF}}\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: DATA\nS: 354 go\n\
        C: hi\nC: .\nS: 250 sent\nC: QUIT\nS: 221 bye\n";
    play(&crate::support::parsed(text), |line| {
        let mut session = line.begin();
        assert_eq!(session.capabilities().iter().count(), 0);
        send(&mut session, &envelope("a@b", &["c@d"]), "hi").unwrap();
        session.quit().unwrap();
    });
}

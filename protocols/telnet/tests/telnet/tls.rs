//! START_TLS: done, or not at all.

use crate::support::{LONG, PATHS, Server, script};
use wireline_telnet::{Error, LineEnd, Settings, Side, TelnetOption};

const AGREED: &str = "S= Hello. {{IAC WILL ECHO}}
C= {{IAC DO ECHO}}{{IAC WILL 0x2e}}
S= {{IAC DO 0x2e}}
C= {{IAC SB 0x2e 0x01 IAC SE}}
";

#[test]
fn upgraded() {
    let lines = format!(
        "{AGREED}S= {{{{IAC SB 0x2e 0x01 IAC SE}}}}\nS! tls\nS= login:{{{{SP}}}}\nC: guest\nS: welcome\n"
    );
    for split in PATHS {
        let server = Server::start(script(&lines), split);
        let session = server.session(Settings::default());
        let mut session = session.start_tls("localhost").unwrap();
        assert!(session.is_tls() && !session.is_on(Side::Him, TelnetOption::ECHO));
        assert_eq!(session.read_until("login: ", LONG).unwrap(), b"login: ");
        session.send_line("guest", LineEnd::CrLf).unwrap();
        assert_eq!(session.read_until("\r\n", LONG).unwrap(), b"welcome\r\n");
        let twice = session.start_tls("localhost").unwrap_err();
        assert!(matches!(twice, Error::Input(_)), "{twice}");
        server.finish("tls");
    }
}

/// Nothing goes on in clear: refused, closed, or with text injected before the handshake.
#[test]
fn not_at_all() {
    let rows = [
        ("C= {{IAC WILL 0x2e}}\nS= {{IAC DONT 0x2e}}login:\n", "refuses it"),
        ("C= {{IAC WILL 0x2e}}\nS! close\n", "closed"),
        (&format!("{AGREED}S= {{{{IAC SB 0x2e 0x01 IAC SE}}}}injected\n"), "in clear"),
    ];
    for (lines, why) in rows {
        let server = Server::start(script(lines), None);
        let error = server.session(Settings::default()).start_tls("localhost").unwrap_err();
        assert!(matches!(&error, Error::Unsafe { doing: "START_TLS", .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// A peer that asks for it unasked is refused: the caller decides.
#[test]
fn not_unasked() {
    let server = Server::start(script("S= {{IAC DO 0x2e}}\nC= {{IAC WONT 0x2e}}\nS: on\n"), None);
    let mut session = server.session(Settings::default());
    assert_eq!(session.read_until("on\r\n", LONG).unwrap(), b"on\r\n");
    drop(session);
    server.finish("unasked");
}

/// Text in many records that come at once: none is lost.
#[test]
fn records_that_come_together() {
    const TEXT: &str = "twenty-four letters long";
    let text = TEXT.repeat(200);
    let lines = format!(
        "{AGREED}S= {{{{IAC SB 0x2e 0x01 IAC SE}}}}\nS! tls\nS! drip 3 0ms\nS: {text}\nS! close\n"
    );
    let server = Server::start(script(&lines), None);
    let mut session = server.session(Settings::default()).start_tls("localhost").unwrap();
    let mut heard = Vec::new();
    session.read_all(&mut wireline_wire::Sink::writer(&mut heard), 1 << 20).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), format!("{text}\r\n"));
    server.finish("records");
}

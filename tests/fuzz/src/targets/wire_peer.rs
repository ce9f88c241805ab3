//! The engine against a server that says anything.
//! Must not hold: the files themselves (`wire_file.rs`).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;
use wireline_transcript::{PlayOptions, Transcript, play};

/// What is played: a file of each kind of reading.
const FILES: [&str; 5] = [
    "@protocol tcp\n== a\nS: hello {{name:word=you}}\nC: {{name}}\nS*: more\nS= {{*=x}}end\nS! close\n",
    "@protocol smtp\n== a\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 SIZE {{n:int=5}}\nC: QUIT\nS: 221 bye\n",
    "@protocol pop3\n== a\nS: +OK\nC: LIST\nS: +OK 1\nS*: {{*:int=1}} 5\nS: .\nC: QUIT\nS: +OK\n",
    "@protocol http\n== a\nC: GET / HTTP/1.1\nC:\nS: HTTP/1.1 200 OK\nS: A: {{*=b}}\nS:\nS= {{*:bytes(5)}}\n",
    "@protocol telnet\n== a\nS= {{IAC DO TTYPE}}\nC= {{IAC WONT TTYPE}}\nS: login:\nC: me\nS: hi\nS! close\n",
];

/// The first byte chooses the file, the rest is what the server says before it closes. Whatever it
/// is, playing ends, by itself, in a report that is safe to show.
pub fn wire_peer(data: &[u8]) {
    let Some((&choice, said)) = data.split_first() else { return };
    let text = FILES[usize::from(choice) % FILES.len()];
    let file = Transcript::parse(text.as_bytes(), "x.wire", &mut |_| Err("no files".into()));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = listener.local_addr().expect("an address").to_string();
    let said = said.to_vec();
    let server = thread::spawn(move || {
        let (mut peer, _) = listener.accept().expect("a connection");
        // The player may have seen enough.
        if peer.write_all(&said).is_ok() {
            drop(peer.shutdown(std::net::Shutdown::Write));
            drop(peer.read_to_end(&mut Vec::new()));
        }
    });
    let options =
        PlayOptions { to, timeout: Some(Duration::from_secs(20)), ..PlayOptions::default() };
    let report = play(&file.expect("a file"), &options);
    server.join().expect("the server ends");
    let shown = report.render(false);
    assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
    assert!(!shown.contains("timed out"), "{shown}");
}

//! Listings: in both formats, cut short, endless, of many entries.

use crate::support::{kind, now, path, play, script, visit};
use std::io::{BufWriter, Write};
use std::net::TcpListener;
use wireline_ftp::Options;

/// What leads to a data connection.
const EPSV: &str = "C: EPSV\nS: 229 ok (|||{{data:port=50000}}|)\n";

/// MLSD where it is offered; else LIST, whose strange lines are counted. hostile.md row 159: names
/// that lead out of the folder are no names for files of ours.
#[test]
fn folders() {
    let feat = "C: FEAT\nS: 211-ok\nS:  MLST Type*;\nS: 211 end\n";
    let mlsd = "C: MLSD sub\nS: 150 ok\nS/data: Type=cdir; .\nS/data: Type=file;Size=3; a\n\
        S/data: Type=file; ../b\nS/data! close\nS: 226 done\n";
    play(&script(&format!("{feat}{EPSV}{mlsd}")), |line| {
        let mut session = line.anonymous(Options::default());
        let listing = session.entries(Some(&path("sub")), now()).unwrap();
        let entries: Vec<_> = listing.map(Result::unwrap).collect();
        let names: Vec<_> = entries.iter().map(|entry| entry.safe_component()).collect();
        assert_eq!(names, [Some(&b"a"[..]), None]);
    });
    let list = "C: LIST ./-a\nS: 150 ok\nS/data: total 1\nS/data: what\n\
        S/data: -rw-r--r-- 1 a b 3 Nov 20 06:30 a\nS/data! close\nS: 226 done\n";
    play(&script(&format!("C: FEAT\nS: 502 no\n{EPSV}{list}")), |line| {
        let mut session = line.anonymous(Options::default());
        let mut listing = session.entries(Some(&path("-a")), now()).unwrap();
        let entries: Vec<_> = listing.by_ref().map(Result::unwrap).collect();
        assert_eq!((entries.len(), listing.unknown()), (1, 1));
    });
}

/// hostile.md rows 82 and 169: a listing is whole only when the server says so, and never longer
/// than the limits.
#[test]
fn listings_that_are_not_whole() {
    let rows = [
        ("S/data: Type=file; a\nS/data! close\nS: 426 broken\n", "426 MLSD"),
        ("S/data= Type=file; a\nS/data! close\nS: 226 done\n", "cut MLSD"),
        ("S/data: Type=file; a\nS/data! reset\nS: 451 broken\n", "451 MLSD"),
        ("S/data: Type=file; a\nS/data! close\nS! close\n", "lost MLSD"),
        ("S/data: Type=file; a\nS/data: Type=file; b\nS/data: Type=file; c\n", "violation MLSD"),
        ("S/data: Type=file; 0123456789012345678901234567890123456789\n", "violation MLSD"),
    ];
    for (lines, wanted) in rows {
        visit(&script(&format!("{EPSV}C: MLSD\nS: 150 ok\n{lines}")), |line| {
            let mut options = Options::default();
            (options.limits.listing_lines, options.limits.listing_line_bytes) = (2, 40);
            let mut session = line.anonymous(options);
            let listing: Vec<_> = session.mlsd(None).unwrap().collect();
            let error = listing.last().unwrap().as_ref().unwrap_err();
            assert!(kind(error).starts_with(wanted), "{}: {lines}", kind(error));
            assert!(listing.iter().rev().skip(1).all(Result::is_ok));
        });
    }
}

/// hostile.md row 82: entries are handed out one at a time, however many there are.
#[test]
fn a_listing_of_many() {
    const ENTRIES: usize = 200_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut data = BufWriter::new(listener.accept().unwrap().0);
        for number in 0..ENTRIES {
            write!(data, "Type=file;Size={number}; file {number}\r\n").unwrap();
        }
    });
    let text = format!("C: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD\nS: 150 ok\nS: 226 done\n");
    visit(&script(&text), |line| {
        let mut session = line.anonymous(Options::default());
        let mut number = 0;
        for entry in session.mlsd(None).unwrap() {
            assert_eq!(entry.unwrap().size, Some(number));
            number += 1;
        }
        assert_eq!((number, session.is_over()), (ENTRIES as u64, false));
    });
    server.join().unwrap();
}

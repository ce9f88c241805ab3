//! `wireline send`: what a peer may do wrong at each stage, and how it ends. hostile.md sections
//! 2.3 and 3, and mail.md section 6.

use crate::mail_support::{
    DELIVERY, GREETING, LEAVE, SHORT, dialogue, judged, lines, opening, overridden, send, smtp,
    strict, wireline_at,
};
use crate::support::{Folder, beside, run_within, scripts, wireline};
use std::time::Duration;
use wireline_servers::raw::Act;

/// What a stage hears, and its good answer.
const STAGES: [(&str, &str, &str); 6] = [
    ("greeting", "", GREETING),
    ("EHLO", "C: EHLO {{*=x}}\n", "S: 250 mx.test\n"),
    ("MAIL", "C: MAIL FROM:<a@x.test>{{*=}}\n", "S: 250 ok\n"),
    ("RCPT", "C: RCPT TO:<b@x.test>{{*=}}\n", "S: 250 ok\n"),
    ("DATA", "C: DATA\n", "S: 354 go\n"),
    ("dot", "C*: {{*=line}}\nC: .\n", "S: 250 queued\n"),
];

/// A dialogue that is good up to this stage, which is heard and answered otherwise.
fn up_to(stage: usize, pipelining: bool, answer: &str) -> String {
    let mut text = String::new();
    for (name, heard, said) in &STAGES[..stage] {
        let offered = "S: 250-mx.test\nS: 250 PIPELINING\n";
        let said = if pipelining && *name == "EHLO" { offered } else { said };
        text.extend([*heard, said]);
    }
    text + STAGES[stage].1 + answer
}

/// Fault matrix: an answer, and the code it comes to at each stage.
#[test]
fn every_stage_may_go_wrong() {
    let long = format!("S= 250-{}{{{{CR LF}}}}\n", "x".repeat(17 << 10));
    let endless = format!("{}S: 250 ok\n", "S: 250-ok\n".repeat(513));
    let rows: [(&str, &str, [&[i32]; 6]); 8] = [
        ("421", "S: 421 4.3.2 going down\nS! close\n", [&[1]; 6]),
        ("EOF", "S! close\n", [&[3], &[5], &[5], &[5], &[5], &[9]]),
        ("reset", "S! reset\n", [&[3], &[3, 5], &[3, 5], &[3, 5], &[3, 5], &[9]]),
        (
            "554",
            "S: 554 5.0.0 never\nS! close\n",
            [
                &[1],
                // EHLO's 5xx leads to HELO, which is not in this file.
                &[1, 3, 5],
                &[1],
                &[1],
                &[1],
                &[1],
            ],
        ),
        (
            "codes that differ",
            "S= 250-one{{CR LF}}421 other{{CR LF}}\n",
            [&[5], &[5], &[5], &[5], &[5], &[5, 9]],
        ),
        ("no reply at all", "S= <html>{{CR LF}}\n", [&[5], &[5], &[5], &[5], &[5], &[5, 9]]),
        ("row 77: a long line", &long, [&[5], &[5], &[5], &[5], &[5], &[5, 9]]),
        ("rows 77, 78: endless", &endless, [&[5], &[5], &[5], &[5], &[5], &[5, 9]]),
    ];
    let cells = rows.iter().flat_map(|row| (0..6).map(move |stage| (row, stage)));
    let mut wrong = Vec::new();
    for ((label, answer, codes), stage) in cells {
        for pipelining in [false, true] {
            let folder = Folder::new();
            let fixture = dialogue(&up_to(stage, pipelining, answer));
            let ran = send(&folder, &smtp(fixture.addr()), &[]);
            let label = format!("{label} at {}, pipelining {pipelining}", STAGES[stage].0);
            if !ran.code.is_some_and(|code| codes[stage].contains(&code)) {
                wrong.push((label.clone(), codes[stage], ran.code, ran.stderr.clone()));
            }
            if !ran.stderr.lines().any(|line| line.starts_with("wireline: ")) {
                wrong.push((format!("no reason, {label}"), codes[stage], ran.code, ran.stderr));
            }
            let data = fixture.transcript().matches("C: DATA").count();
            assert!(data <= 1, "{label}: sent again: {}", fixture.transcript());
            if stage < 4 && !pipelining {
                assert_eq!(data, 0, "{label}: {}", fixture.transcript());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// RFC 1047: a lost final reply is code 9, says so, and nothing is sent twice.
#[test]
fn a_lost_final_reply_is_told_and_not_mended() {
    for end in
        ["S! close\n", "S! reset\n", "S= 25{{CR LF}}\nS! close\n", "S= 250 queued\nS! close\n"]
    {
        for capabilities in [&["PIPELINING"][..], &["SIZE"]] {
            let folder = Folder::new();
            let taken = "C: DATA\nS: 354 go\nC*: {{*=line}}\nC: .\n";
            let (before, _) = DELIVERY.split_once("C: DATA\n").unwrap();
            let fixture = dialogue(&format!("{}{before}{taken}{end}", opening(capabilities)));
            let ran = send(&folder, &smtp(fixture.addr()), &["--json"]);
            ran.failed(9, "");
            let json: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("a line");
            assert_eq!(json["recipient"], "b@x.test", "{json}");
            assert!(!json["error"].is_null(), "{json}");
            judged(end, fixture, &ran);
        }
    }
}

/// What was said goodbye to is done, however the goodbye ends.
#[test]
fn a_broken_goodbye_is_not_a_failure() {
    let (before, _) = DELIVERY.split_once("S: 221 bye\n").unwrap();
    for end in ["S! close\n", "S! reset\n", "S: 421 no\n", "S= nonsense{{CR LF}}\n"] {
        let folder = Folder::new();
        let fixture = dialogue(&format!("{}{before}{end}", opening(&["PIPELINING"])));
        let ran = send(&folder, &smtp(fixture.addr()), &[]);
        assert_eq!(ran.code, Some(0), "{end}: {ran:?}");
        judged(end, fixture, &ran);
    }
}

/// RFC 5321 section 4.1.1.4: without a 354 no content is sent.
#[test]
fn content_waits_for_354() {
    let rows = [("250 ok", 5), ("554 no", 1), ("451 later", 1), ("220 what", 5)];
    for (answer, code) in rows {
        for pipelining in [true, false] {
            let server = overridden(&format!("C: DATA\nS: {answer}\n"), |options| {
                options.extensions.pipelining = pipelining;
            });
            let ran = send(&Folder::new(), &smtp(server.addr()), &[]);
            assert_eq!(ran.code, Some(code), "{answer}{ran:?}");
            assert!(server.wait_end(0, Duration::from_secs(10)));
            let said = lines(&server);
            let content = said.iter().any(|line| line.contains("Subject") || line == ".");
            assert!(!content && server.messages().is_empty(), "{answer}: {said:?}");
            if code == 1 {
                strict(answer, &server);
            }
        }
    }
}

/// RFC 2920 section 3.1: DATA was pipelined and got 354 though nobody is left: an empty message.
#[test]
fn a_pipelined_354_for_nobody_gets_only_a_dot() {
    let folder = Folder::new();
    let text = format!(
        "{}C: MAIL FROM:<a@x.test>{{{{*=}}}}\nC: RCPT TO:<b@x.test>\nC: DATA\n\
         S: 250 ok\nS: 550 nobody\nS: 354 go\nC: .\nS: 554 nobody\n{LEAVE}",
        opening(&["PIPELINING"])
    );
    let fixture = dialogue(&text);
    let ran = send(&folder, &smtp(fixture.addr()), &[]);
    ran.failed(1, "");
    judged("354 for nobody", fixture, &ran);
}

/// RFC 5321 sections 3.2 and 4.1.4: HELO after a 5xx to EHLO, not after a 4xx.
#[test]
fn ehlo_falls_back_to_helo() {
    for (refusal, falls) in
        [("500", true), ("502", true), ("504", true), ("421", false), ("451", false)]
    {
        let folder = Folder::new();
        let rest = match falls {
            true => format!("C: HELO {{{{*=x}}}}\nS: 250 mx.test\n{DELIVERY}"),
            false if refusal == "421" => "S! close\n".to_owned(),
            false => LEAVE.to_owned(),
        };
        let text = format!("{GREETING}C: EHLO {{{{*=x}}}}\nS: {refusal} no\n{rest}");
        let fixture = dialogue(&text);
        let ran = send(&folder, &smtp(fixture.addr()), &[]);
        assert_eq!(ran.code, Some(i32::from(!falls)), "{refusal}: {ran:?}");
        judged(refusal, fixture, &ran);
    }
}

/// RFC 5321 section 4.2: spelling is free, and codes that nobody knows go by their first digit.
#[test]
fn odd_replies_are_understood() {
    let odd = [
        ("no text", "220\r\n", "250\r\n", "250\r\n", "250\r\n", "354\r\n", "250\r\n"),
        ("only LF", "220 a\n", "250 b\n", "250 c\n", "250 d\n", "354 e\n", "250 f\n"),
        (
            "unknown codes",
            "220 a\r\n",
            "250-b\r\n250 SIZE\r\n",
            "259 c\r\n",
            "251 d\r\n",
            "354 e\r\n",
            "299 f\r\n",
        ),
        (
            "many lines",
            "220-a\r\n220-b\r\n220 c\r\n",
            "250-a\r\n250-\r\n250 b\r\n",
            "250-2.1.0 a\r\n250 2.1.0 b\r\n",
            "250-\r\n250\r\n",
            "354-a\r\n354 b\r\n",
            "250-\u{e9}\r\n250 c\r\n",
        ),
        (
            "bytes above 127",
            "220 \u{fc}\r\n",
            "250 \u{fc}\r\n",
            "250 \u{fc}\r\n",
            "250 \u{fc}\r\n",
            "354 \u{fc}\r\n",
            "250 \u{fc}\r\n",
        ),
    ];
    for (label, greeting, ehlo, mail, rcpt, data, dot) in odd {
        let hole = |bytes: &str| bytes.replace('\r', "{{CR}}").replace('\n', "{{LF}}");
        let lines = [
            ("", greeting),
            ("C: EHLO {{*=x}}", ehlo),
            ("C: MAIL FROM:<a@x.test>{{*=}}", mail),
            ("C: RCPT TO:<b@x.test>{{*=}}", rcpt),
            ("C: DATA", data),
            ("C*: {{*=line}}\nC: .", dot),
        ];
        let said = lines.iter().map(|(c, s)| format!("{c}\nS= {}\n", hole(s))).collect::<String>();
        let folder = Folder::new();
        let fixture = dialogue(&format!("{said}C: QUIT\nS: 221 bye\n"));
        let ran = send(&folder, &smtp(fixture.addr()), &[]);
        assert_eq!(ran.code, Some(0), "{label}: {ran:?}");
        judged(label, fixture, &ran);
    }
}

/// hostile.md row 87: silence has an end at every stage, and the phase is named. After the dot it
/// is not known what became of the message.
#[test]
fn silence_is_a_timeout() {
    beside(0..6, |stage: usize| {
        for option in ["--timeout", "--max-time"] {
            let folder = Folder::new();
            let fixture = dialogue(&up_to(stage, false, "C: NEVER\n"));
            let ran = send(&folder, &smtp(fixture.addr()), &[option, "0.5"]);
            let code = if stage == 5 { 9 } else { 6 };
            // The patience for the last reply is its own, longer than that between two others.
            if (stage, option) != (5, "--timeout") {
                assert_eq!(ran.code, Some(code), "{} {option}: {ran:?}", STAGES[stage].0);
                ran.failed(code, "");
            }
        }
    });
}

/// hostile.md row 87: what drips has an end too.
#[test]
fn an_endless_ehlo_has_an_end() {
    let drip = Act::Drip("250-x\r\n".repeat(4000).into_bytes(), 7, Duration::from_micros(100));
    let greeting = Act::Send(b"220 mx.test\r\n".to_vec());
    let server = scripts(vec![vec![greeting.clone(), Act::Read(5), drip, Act::Stall]]);
    let folder = Folder::new();
    send(&folder, &smtp(server.addr()), &[]).failed(5, "");
    let slow = Act::Drip(b"250-x".repeat(200), 1, Duration::from_millis(50));
    let server = scripts(vec![vec![greeting, Act::Read(5), slow, Act::Stall]]);
    send(&folder, &smtp(server.addr()), &["--max-time", "0.5"]).failed(6, "");
    let seen = String::from_utf8(server.received(0)).unwrap();
    assert_eq!(seen.lines().count(), 1, "only EHLO was said: {seen}");
}

/// hostile.md row 88: a peer that stops reading does not hold us.
#[test]
fn a_peer_that_never_reads_is_a_timeout() {
    let folder = Folder::new();
    let line = format!("{}\r\n", "x".repeat(70));
    folder.write("big.eml", format!("Subject: big\r\n\r\n{}", line.repeat(400_000)));
    let say = |text: &str| Act::Send(text.as_bytes().to_vec());
    let script = vec![
        say("220 mx\r\n"),
        Act::Read(5),
        say("250 mx\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
        Act::Pause(Duration::from_secs(20)),
    ];
    // The answers come too early, which may be an error by itself; then nothing was sent.
    let server = scripts(vec![script]);
    let words = ["send", &smtp(server.addr()), "--from", "a@x.test", "--to", "b@x.test"];
    let mut command = wireline();
    command.current_dir(folder.path()).args(words);
    command.args(["--eml", "big.eml", "--timeout", "0.5"]);
    let ran = run_within(Duration::from_secs(8), &mut command);
    assert!(matches!(ran.code, Some(5 | 6)), "{ran:?}");
}

/// Nobody listens: code 3. A dead port 25 names the ports of submission.
#[test]
fn who_is_not_there_is_not_reached() {
    let folder = Folder::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    send(&folder, &smtp(free), &[]).failed_in_one_line(3, "connection refused");
    let to = format!("mx.test:25:127.0.0.1:{}", free.port());
    let ran = send(&folder, "smtp://mx.test", &["--connect-to", &to]);
    ran.failed_in_one_line(3, "connection refused").hinted("465");
    ran.hinted("587");
    let json = send(&folder, &smtp(free), &["--json"]);
    json.failed(3, "");
}

/// Fault matrix: in a second message the first one's success is not forgotten.
#[test]
fn a_connection_lost_between_messages_is_partly_done() {
    let folder = Folder::new();
    folder.write("1.eml", "Subject: 1\r\n\r\none\r\n");
    folder.write("2.eml", "Subject: 2\r\n\r\ntwo\r\n");
    let (first, _) = DELIVERY.split_once("C: QUIT\n").unwrap();
    for end in ["S! close\n", "C: MAIL FROM:<a@x.test>{{*=}}\nS: 421 enough\nS! close\n"] {
        let fixture = dialogue(&format!("{}{first}{end}", opening(&[])));
        let (url, envelope) = (smtp(fixture.addr()), &SHORT[..4]);
        let ran = wireline_at(&folder, &[&["send", &url, "1.eml", "2.eml"], envelope].concat());
        ran.failed(10, "2.eml");
        judged(end, fixture, &ran);
    }
}

/// mail.md section 6: a reply nobody asked for says that the two are out of step; it is not taken
/// for the answer to the next command.
#[test]
fn a_reply_too_many_is_no_answer() {
    for (stage, answer) in [(2, "250 ok"), (3, "250 ok"), (4, "354 go")] {
        let folder = Folder::new();
        let twice = format!("S= {answer}{{{{CR LF}}}}250 ok{{{{CR LF}}}}\n");
        let fixture = dialogue(&up_to(stage, false, &twice));
        let ran = send(&folder, &smtp(fixture.addr()), &["--max-time", "3"]);
        assert!(matches!(ran.code, Some(5 | 9)), "{}: {ran:?}", STAGES[stage].0);
    }
}

//! The RFCs' own dialogues, with `wireline telnet` as their client, by script. What they say of a
//! terminal is played in `telnet_terminal`. Sections that begin with a request of the client's are
//! the library's to play.

use crate::support::{Folder, beside, run};
use crate::transcript_child::judged;
use std::path::Path;

/// A section of a file of the corpus, and the script that is its client.
const SCRIPTED: [(&str, &str, &str); 12] = [
    (
        "854-nvt",
        "lines",
        "--expect 'login: ' --send guest --expect 'password: ' --send-raw 'secret\\r' \
      --expect 'tab \t' --send-raw 'a byte of 255: \\xff\\r\\n' --expect bye",
    ),
    ("854-options", "both parties ask at once", "--expect ready"),
    ("854-options", "nobody has to switch an option off twice", "--expect ready"),
    (
        "857-echo",
        "echo",
        "--expect 'login: ' --send-raw g --expect g --send-raw o --expect o \
      --send-raw '\\r' --expect 'password: ' --send-raw 'secret\\r' --expect 'Hello, go'",
    ),
    ("1073-6-naws", "4: server suggests, client refuses", "--timeout 1 --expect x"),
    ("1143-q-method", "NO and WILL: agreed; YES and WILL: ignored", "--expect 'no loop'"),
    (
        "1143-q-method",
        "NO and WILL: not agreed; the refusal is not confirmed",
        "--expect 'no loop'",
    ),
    ("1143-q-method", "NO and WONT: ignored", "--expect 'no loop'"),
    ("1143-q-method", "YES and WONT: answered by DONT", "--expect 'no loop'"),
    ("1143-q-method", "WANTYES and WONT: the request was refused", "--expect 'no loop'"),
    ("1572-6-environ", "nothing is defined", "--timeout 1 --expect x"),
    ("1091-8-ttype", "past the end of the list, back to the first", "--timeout 1 --expect x"),
];

fn corpus(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/corpus/telnet");
    folder.join(format!("{name}.wire")).to_str().unwrap().to_owned()
}

#[test]
fn by_script() {
    beside(SCRIPTED, |(name, title, script)| {
        let folder = Folder::new();
        // How the script ends is not judged here, what the host heard is.
        let client = format!("\"$W\" telnet $WIRELINE_ADDR {script} >/dev/null 2>&1; true");
        let ran = run(&mut judged(folder.path(), &[&corpus(name), "--only", title], &client));
        match name {
            // Three names in a row are more than we have: it must fail, or the judge sees nothing.
            "1091-8-ttype" => ran.failed(1, ""),
            _ => ran.done(),
        };
    });
}

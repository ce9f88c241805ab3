//! `wireline get` over HTTP: what a first look must find. The rest is in `get_*.rs`.

use crate::support::{Folder, server};
use wireline_servers::http::sina_page;

/// The measure of the first command: 60 bytes out, the head printed, the body in a file.
#[test]
fn the_sina_example() {
    let (server, folder) = (server(), Folder::new());
    let to_ours = format!("::127.0.0.1:{}", server.addr().port());
    let words = ["get", "http://www.sina.com.cn/", "-o", "sina.html", "--connect-to", &to_ours];
    let ran = folder.wireline(&words);
    ran.done_in_silence();
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let sent = b"GET / HTTP/1.1\r\nHost: www.sina.com.cn\r\nConnection: close\r\n\r\n";
    assert_eq!(requests[0].head, sent);
    assert_eq!(requests[0].head.len(), 60);
    assert!(ran.text().starts_with("HTTP/1.1 200 OK\r\nServer: nginx\r\n"), "{}", ran.text());
    assert!(ran.text().ends_with("X-Cache: MISS.MERGE.106\r\n\r\n"));
    assert_eq!(folder.read("sina.html"), sina_page());
    assert_eq!(folder.names(), ["sina.html"]);
}

#[test]
fn a_failure_keeps_the_old_file() {
    let (server, folder) = (server(), Folder::new());
    folder.write("page", "old");
    for (path, code, why) in [
        ("/status/404", 1, "the server answered 404"),
        ("/cut/1000/10", 5, "cut short: 10 of 1000 bytes came"),
        ("/reset/1000/10", 5, "cut short"),
    ] {
        folder.wireline(&["get", &server.url(path), "-o", "page"]).failed_in_one_line(code, why);
        assert_eq!(folder.read("page"), b"old", "{path}");
    }
    assert!(folder.has(".page.part"));
}

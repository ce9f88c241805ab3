#!/usr/bin/env python3
"""Clients from Python's own library for `run`: clients.py NAME [wrong]."""
import ftplib
import http.client
import os
import poplib
import smtplib
import socket
import ssl
import sys
import urllib.request

ADDR = os.environ["WIRELINE_ADDR"]
HOST, _, PORT = ADDR.rpartition(":")
HOST, PORT = HOST.strip("[]"), int(PORT)
WRONG = sys.argv[2:] == ["wrong"]


def trust():
    return ssl.create_default_context(cafile=os.environ["WIRELINE_CA"])


def with_urllib():
    page = urllib.request.urlopen(f"http://{ADDR}/{'odl' if WRONG else 'old'}").read()
    assert page == b"<h1>Found it</h1>\r\n", page


def with_http_client():
    client = http.client.HTTPConnection(HOST, PORT)
    client.request("GET", "/old")
    answer = client.getresponse()
    answer.read()
    assert answer.status == 302, answer.status
    if WRONG:  # never follows
        return
    client.close()
    client.request("GET", "/new")
    page = client.getresponse().read()
    assert page == b"<h1>Found it</h1>\r\n", page


def with_smtplib():
    client = smtplib.SMTP(HOST, PORT)
    client.starttls(context=trust())
    client.login("alice", "rabbit" if WRONG else "wonderland")
    client.sendmail("a@test", ["b@test"], "Subject: hi\n\n.a leading dot\n")
    client.quit()


def with_poplib():
    client = poplib.POP3(HOST, PORT)
    if not WRONG:  # a password in clear
        client.stls(trust())
    client.user("alice")
    client.pass_("wonderland")
    assert client.stat() == (1, 25)
    lines = client.retr(1)[1]
    assert lines == [b"Subject: hi", b"", b".dot line"], lines
    client.quit()


def with_ftplib():
    client = ftplib.FTP()
    client.connect(HOST, PORT)
    client.login("alice", "wonderland")
    data = []
    client.retrbinary("RETR " + ("other.txt" if WRONG else "hello.txt"), data.append)
    assert b"".join(data) == b"hello\n", data
    client.quit()


def with_socket():
    """Telnet by hand: DO TTYPE and WILL ECHO are agreed to, a terminal is named."""
    client = socket.create_connection((HOST, PORT))
    heard = b""

    def until(wanted):
        nonlocal heard
        while wanted not in heard:
            piece = client.recv(4096)
            assert piece, heard
            heard += piece
        heard = heard.split(wanted, 1)[1]

    until(b"\xff\xfd\x18\xff\xfb\x01")
    client.sendall(b"\xff\xfc\x18\xff\xfd\x01" if WRONG else b"\xff\xfb\x18\xff\xfd\x01")
    until(b"\xff\xfa\x18\x01\xff\xf0")
    client.sendall(b"\xff\xfa\x18\x00vt100\xff\xf0")
    until(b"login: ")
    client.sendall(b"guest\r\n")
    until(b"Hello, guest\r\n")


try:
    globals()["with_" + sys.argv[1]]()
except Exception as error:  # a wrong client must end with 0: the transcript judges it
    if not WRONG:
        raise
    print("wrong, and the server said:", error)

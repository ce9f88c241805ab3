#!/usr/bin/env python3
"""What `run` asks of Python: messages, comparisons, clients of its own library, and aiosmtpd.

clients.py NAME ARGUMENTS...
"""

import email
import email.policy
import mailbox as mailboxes
import os
import poplib
import smtplib
import socket
import ssl
import sys
import time
from pathlib import Path

HEAD = ("From: a@test\r\nTo: b@test\r\nSubject: {name}\r\nDate: Mon, 06 Jul 2026 12:00:00 +0000\r\n"
        "Message-ID: <{name}@interop.test>\r\n")
TEXT = b"The quick brown fox.\r\nIt jumps.\r\n"


def head(name, *fields):
    return (HEAD.format(name=name) + "".join(field + "\r\n" for field in fields) + "\r\n").encode()


def messages(folder):
    """Messages with what tends to go wrong on the way."""
    line = b"0123456789 quick brown foxes jump over as many lazy dogs, and on it goes\r\n"
    eightbit = head("eightbit", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
                    "Content-Transfer-Encoding: 8bit")
    made = {
        "plain": head("plain") + TEXT,
        "plain-blank": head("plain") + TEXT + b"\r\n",
        "dots": head("dots") + b".\r\n..\r\n.a\r\n\r\n.\r\n. \r\n a.\r\n.\r\n" * 3000 + b".\r\n",
        "eightbit": eightbit + "Grüße, 世界\r\n".encode(),
        "long": head("long") + b"x" * 998 + b"\r\n" + b"." + b"y" * 996 + b"\r\n",
        "no-end": head("no-end") + TEXT + b"and no line end",
        "lf": (head("lf") + b".\r\n.\r\na\r\n.b\r\n\r\n").replace(b"\r\n", b"\n"),
        "nine": head("nine") + line * (9_000_000 // len(line)),
        "twelve": head("twelve") + line * (12_000_000 // len(line)),
        "header": HEAD.format(name="header").encode() + b"Bcc: c@test\r\n\r\n" + TEXT,
        "without-bcc": head("header") + TEXT,
    }
    for name, data in made.items():
        Path(folder, f"{name}.eml").write_bytes(data)


def canonical(data):
    """Line ends are CRLF on the wire and LF in a Maildir; the last one is there."""
    data = data.replace(b"\r\n", b"\n")
    return data if data.endswith(b"\n") else data + b"\n"


def same(arrived, sent):
    """The server's trace fields, then the message."""
    got, wanted = (canonical(Path(path).read_bytes()) for path in (arrived, sent))
    trace = got[:len(got) - len(wanted)]
    assert got.endswith(wanted), (len(got), len(wanted), got[-300:], wanted[-100:])
    assert b"\n\n" not in trace, trace


def contents(folder):
    return sorted(canonical(path.read_bytes())
                  for name in ("new", "cur") for path in Path(folder, name).iterdir())


def same_box(one, other):
    """The same messages, each as often in the one as in the other."""
    wanted, got = contents(one), contents(other)
    assert wanted == got, (len(wanted), len(got), [
        (w[:300], g[:300]) for w, g in zip(wanted, got) if w != g][:1])


def in_box(path, folder):
    assert canonical(Path(path).read_bytes()) in contents(folder)


def files_in_box(count, folder, prefix):
    files = sorted(canonical(Path(f"{prefix}{n}").read_bytes()) for n in range(1, int(count) + 1))
    assert files == contents(folder)


def mbox(path, count):
    box = mailboxes.mbox(path, create=False)
    names = {message["Message-ID"] for message in box}
    assert len(box) == int(count) == len(names), (len(box), len(names))


def two_thousand(folder, count):
    for number in range(int(count)):
        path = Path(folder, "new", f"{1_700_000_000 + number}.M{number}.interop")
        path.write_bytes(canonical(head(number) + TEXT * (number % 200) + b".\r\n..\r\nFrom me\r\n>From\r\n"))


def hundred(folder, sent):
    """Each of the files once, whatever the order."""
    run_until(lambda: len(contents(folder)) >= 100)
    wanted = sorted(canonical(path.read_bytes()) for path in Path(sent).iterdir())
    got = contents(folder)
    assert len(got) == len(wanted), (len(got), len(wanted))
    for message in wanted:
        assert sum(found.endswith(message) for found in got) == 1, message


def run_until(reached):
    for _ in range(300):
        if reached():
            return
        time.sleep(0.1)


def attachment(folder, attached):
    message = email.message_from_bytes(contents(folder)[0], policy=email.policy.default)
    assert message["Subject"] == "Grüße", message["Subject"]
    assert message["Date"] and message["Message-ID"], message.items()
    assert message.get_body().get_content().strip() == "Käse", message.get_body()
    (part,) = message.iter_attachments()
    assert part.get_filename() == attached, part.get_filename()
    content = part.get_content()
    content = content if isinstance(content, (bytes, str)) else content.as_bytes()
    content = content.encode() if isinstance(content, str) else content
    assert canonical(content) == canonical(Path(attached).read_bytes()), content


def trust(ca):
    return ssl.create_default_context(cafile=ca)


def refusal(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return error
    raise AssertionError(f"not refused: {call.__name__} {arguments}")


def arrived(folder, *wanted):
    got = contents(folder)
    assert got == sorted(map(canonical, wanted)), got


def smtp(port):
    return smtplib.SMTP("localhost", int(port), local_hostname="client.test", timeout=10)


def smtplib_sends(port, _, folder):
    with smtp(port) as client:
        message = head("plain") + b".\r\n.a\r\n..\r\n"
        assert client.sendmail("a@test", ["b@test"], message) == {}
        assert client.sendmail("a@test", ["b@test"], message) == {}
    arrived(folder, message, message)


def smtplib_every_mechanism(port, _, folder):
    for name in ("PLAIN", "LOGIN", "CRAM_MD5"):
        for password in ("rabbit", "wonderland"):
            client = smtp(port)
            client.ehlo()
            client.user, client.password = "alice", password
            login = (name.replace("_", "-"), getattr(client, f"auth_{name.lower()}"))
            if password == "rabbit":
                error = refusal(smtplib.SMTPAuthenticationError, client.auth, *login)
                assert error.smtp_code == 535, error
            else:
                assert client.auth(*login)[0] == 235
                client.sendmail("a@test", ["b@test"], head(name))
            client.quit()
    arrived(folder, *(head(name) for name in ("PLAIN", "LOGIN", "CRAM_MD5")))


def smtplib_starttls(port, ca, folder):
    refusal(ssl.SSLCertVerificationError,
            lambda: smtp(port).starttls(context=ssl.create_default_context()))
    with smtp(port) as client:
        client.starttls(context=trust(ca))
        client.login("alice", "wonderland")
        assert not client.has_extn("starttls")
        client.sendmail("a@test", ["b@test"], head("tls"))
    arrived(folder, head("tls"))


def smtplib_smtps(port, ca, folder):
    with smtplib.SMTP_SSL("localhost", int(port), context=trust(ca), timeout=10) as client:
        client.login("alice", "wonderland")
        client.sendmail("a@test", ["b@test"], head("tls"))
    arrived(folder, head("tls"))


def smtplib_partly(port, _, folder):
    with smtp(port) as client:
        to = ["b@test", "rcpt550@test", "rcpt452@test", "c@test"]
        refused = client.sendmail("a@test", to, head("partly"))
    assert {who: code for who, (code, _) in refused.items()} == {
        "rcpt550@test": 550, "rcpt452@test": 452}, refused
    arrived(folder, head("partly"))


def smtplib_all_refused(port, _, folder):
    with smtp(port) as client:
        error = refusal(smtplib.SMTPRecipientsRefused, client.sendmail, "a@test",
                        ["rcpt550@test", "rcpt553@test"], head("none"))
        assert len(error.recipients) == 2
        error = refusal(smtplib.SMTPDataError, client.sendmail, "a@test", ["data452@test"], head("none"))
        assert error.smtp_code == 452, error
        error = refusal(smtplib.SMTPSenderRefused, client.sendmail, "mail451@test", ["b@test"], head("none"))
        assert error.smtp_code == 451, error
        client.sendmail("a@test", ["b@test"], head("after all"))
    arrived(folder, head("after all"))


def smtplib_commands(port, _, __):
    with smtp(port) as client:
        assert client.helo()[0] == 250
        assert client.ehlo()[0] == 250
        for word in ("pipelining", "size", "8bitmime", "smtputf8", "starttls", "auth", "dsn"):
            assert client.has_extn(word), word
        assert client.noop()[0] == 250
        assert client.rset()[0] == 250
        assert client.verify("b@test")[0] in (250, 252)
        assert client.expn("list")[0] in (250, 252, 550)
        assert client.help()
        assert client.docmd("NOPE")[0] == 500
        assert client.docmd("DATA")[0] == 503
        assert client.rcpt("b@test")[0] == 503
        assert client.mail("a@test")[0] == 250
        assert client.mail("a@test")[0] == 503
        assert client.docmd("RCPT TO:b@test")[0] == 501
        assert client.docmd("MAIL FROM:<a@test> SIZE=99999999999")[0] in (501, 503, 552)


def smtplib_utf8(port, _, folder):
    with smtp(port) as client:
        message = head("utf8") + "Grüße\r\n".encode()
        client.ehlo()
        client.sendmail("ä@test", ["ü@test"], message, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    arrived(folder, message)


def smtplib_lines(port, _, folder):
    """Bare LF and lines without end are no message."""
    for content, accepted in ((b"a: b\r\n\r\nx\r\n.\r\n", True), (b"a: b\n\nx\n.\n\r\n.\r\n", False),
                              (b"a: b\r\n\r\n" + b"x" * 1001 + b"\r\n.\r\n", False)):
        with socket.create_connection(("localhost", int(port)), 10) as link:
            lines = link.makefile("rb")
            lines.readline()
            link.sendall(b"HELO x\r\nMAIL FROM:<a@test>\r\n")
            [lines.readline() for _ in range(2)]
            link.sendall(b"RCPT TO:<b@test>\r\n")
            lines.readline()
            link.sendall(b"DATA\r\n")
            assert lines.readline().startswith(b"354")
            link.sendall(content)
            reply = lines.readline()
            assert reply.startswith(b"250") == accepted, (content[:40], reply)
            link.sendall(b"QUIT\r\n")
    arrived(folder, b"a: b\n\nx\n")


def smtplib_lmtp(port, _, folder):
    with smtplib.LMTP("localhost", int(port), local_hostname="client.test") as client:
        refused = client.sendmail("a@test", ["b@test", "rcpt550@test"], head("lmtp"))
        assert list(refused) == ["rcpt550@test"], refused
    arrived(folder, head("lmtp"))


def pop3(port, login=True):
    client = poplib.POP3("localhost", int(port), timeout=10)
    if login:
        client.user("alice")
        client.pass_("wonderland")
    return client


def joined(lines):
    return b"".join(line + b"\n" for line in lines)


def poplib_fetches(port, _, folder):
    client = pop3(port)
    wanted = contents(folder)
    count, _ = client.stat()
    assert count == len(wanted), (count, len(wanted))
    got = sorted(joined(client.retr(number)[1]) for number in range(1, count + 1))
    assert got == wanted
    client.quit()
    client = pop3(port, login=False)
    client.user("alice")
    refusal(poplib.error_proto, client.pass_, "rabbit")
    client.quit()


def poplib_apop(port, _, __):
    client = pop3(port, login=False)
    refusal(poplib.error_proto, client.apop, "alice", "rabbit")
    client.quit()
    client = pop3(port, login=False)
    client.apop("alice", "wonderland")
    client.quit()


def poplib_stls(port, ca, folder):
    client = pop3(port, login=False)
    assert "STLS" in client.capa()
    client.stls(trust(ca))
    assert "STLS" not in client.capa()
    client.user("alice")
    client.pass_("wonderland")
    assert client.stat()[0] == len(contents(folder))
    client.quit()


def poplib_pop3s(port, ca, folder):
    client = poplib.POP3_SSL("localhost", int(port), context=trust(ca), timeout=10)
    client.user("alice")
    client.pass_("wonderland")
    assert client.stat()[0] == len(contents(folder))
    client.quit()


def poplib_commands(port, _, folder):
    client = pop3(port)
    count, total = client.stat()
    sizes = [int(line.split()[1]) for line in client.list()[1]]
    assert len(sizes) == count and sum(sizes) == total, (count, total, sum(sizes))
    ids = [line.split()[1] for line in client.uidl()[1]]
    assert len(set(ids)) == count
    assert client.uidl(3).split()[2] == ids[2]
    assert int(client.list(3).split()[2]) == sizes[2]
    top = client.top(3, 0)[1]
    assert top[-1] == b"" and any(line.startswith(b"Subject: ") for line in top), top
    assert len(client.top(3, 1)[1]) == len(top) + 1
    client.noop()
    assert "UTF8" in client.capa()
    refusal(poplib.error_proto, client.retr, count + 1)
    refusal(poplib.error_proto, client.retr, 0)
    refusal(poplib.error_proto, client._shortcmd, "NOPE")
    client.dele(3)
    refusal(poplib.error_proto, client.retr, 3)
    refusal(poplib.error_proto, client.dele, 3)
    assert client.stat()[0] == count - 1
    assert len(client.list()[1]) == count - 1
    client.rset()
    assert client.stat()[0] == count
    client.quit()
    client = pop3(port)
    assert [line.split()[1] for line in client.uidl()[1]] == ids
    client.quit()


def poplib_deletes_not(port, _, folder):
    """Without QUIT nothing goes (RFC 1939 section 6)."""
    before = contents(folder)
    client = pop3(port)
    client.dele(1)
    client.close()
    assert contents(folder) == before


def poplib_deletes(port, _, folder):
    before = len(contents(folder))
    client = pop3(port)
    client.dele(1)
    client.dele(2)
    client.quit()
    assert len(contents(folder)) == before - 2


def poplib_one(port, path):
    client = pop3(port)
    assert client.stat()[0] == 1
    assert joined(client.retr(1)[1]) == canonical(Path(path).read_bytes())
    client.quit()


def aiosmtpd(port, keys, folder, unix):
    """aiosmtpd: SMTP with STARTTLS and a login required, and LMTP on a Unix socket; into a Maildir."""
    import asyncio
    from aiosmtpd.lmtp import LMTP
    from aiosmtpd.smtp import SMTP, AuthResult

    def login(_server, _session, _envelope, _mechanism, data):
        right = (data.login, data.password) == (b"alice", b"wonderland")
        return AuthResult(success=right, handled=right)

    class Into:
        number = 0

        async def handle_DATA(self, _server, _session, envelope):
            Into.number += 1
            temporary = Path(folder, "tmp", str(Into.number))
            temporary.write_bytes(envelope.original_content)
            os.rename(temporary, Path(folder, "new", str(Into.number)))
            return "250 OK"

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{keys}/cert.pem", f"{keys}/key.pem")

    def session():
        return SMTP(Into(), hostname="mx.test", tls_context=context, require_starttls=True,
                    auth_required=True, authenticator=login, enable_SMTPUTF8=True)

    async def serve():
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(session, "127.0.0.1", int(port)),
                   await loop.create_unix_server(lambda: LMTP(Into(), hostname="mx.test"), unix)]
        await asyncio.gather(*(server.serve_forever() for server in servers))

    asyncio.run(serve())


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

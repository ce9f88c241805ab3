#!/usr/bin/env python3
"""A far FTP server: through this link a round trip takes 20 ms, on data connections as well.

link.py SERVER-PORT prints the port it listens on, and runs until it is stopped. A reply to PASV or EPSV gets the
port of another such link, made for that data connection. The system takes up a connection to loopback at once;
so it reaches the server as late as the last packet of TCP's handshake does on a line, after three ways.
"""

import asyncio
import re
import sys

ONE_WAY_SECONDS = 0.010
PASV = re.compile(rb"(227 .*?\d+,\d+,\d+,\d+,)(\d+),(\d+)(.*)", re.DOTALL)
EPSV = re.compile(rb"(229 .*\(\|\|\|)(\d+)(\|\).*)", re.DOTALL)


async def main():
    listener = await listen(int(sys.argv[1]), replies)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


async def listen(server_port, pieces, once=False):
    """A link to that port; what comes back passes through `pieces`."""
    async def carry(reader, writer):
        if once:
            listener.close()
        await asyncio.sleep(3 * ONE_WAY_SECONDS)
        there, back = await asyncio.open_connection("127.0.0.1", server_port)
        await asyncio.gather(delay(raw(reader), back), delay(pieces(there), writer))

    listener = await asyncio.start_server(carry, "127.0.0.1", 0)
    return listener


async def raw(reader):
    while piece := await reader.read(1 << 16):
        yield piece


async def replies(reader):
    """Lines; a port in one is exchanged for that of a link to it."""
    while line := await reader.readline():
        if found := EPSV.fullmatch(line):
            port = await data_port(int(found[2]))
            line = b"%s%d%s" % (found[1], port, found[3])
        elif found := PASV.fullmatch(line):
            port = await data_port(int(found[2]) << 8 | int(found[3]))
            line = b"%s%d,%d%s" % (found[1], port >> 8, port & 255, found[4])
        yield line


async def data_port(server_port):
    listener = await listen(server_port, raw, once=True)
    return listener.sockets[0].getsockname()[1]


async def delay(pieces, writer):
    """Each piece is written when its time has come; the next is read meanwhile."""
    loop = asyncio.get_running_loop()
    try:
        async for piece in pieces:
            loop.call_later(ONE_WAY_SECONDS, put, writer, piece)
    except ConnectionError:
        pass
    loop.call_later(ONE_WAY_SECONDS, writer.close)


def put(writer, piece):
    if not writer.is_closing():
        writer.write(piece)


asyncio.run(main())

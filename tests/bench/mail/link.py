#!/usr/bin/env python3
"""A far server: TCP through this link takes 10 ms each way, 20 ms for a round trip.

link.py SERVER-PORT prints the port it listens on, and runs until it is stopped. The connection itself
travels too, so the greeting comes after 20 ms. Bytes keep their order and are never held back for more.
"""

import asyncio
import sys

ONE_WAY_SECONDS = 0.010


async def main():
    server_port = int(sys.argv[1])

    async def carry(reader, writer):
        await asyncio.sleep(ONE_WAY_SECONDS)
        there, back = await asyncio.open_connection("127.0.0.1", server_port)
        await asyncio.gather(delay(reader, back), delay(there, writer))

    listener = await asyncio.start_server(carry, "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


async def delay(reader, writer):
    """Each piece is written when its time has come; the next is read meanwhile."""
    loop = asyncio.get_running_loop()
    try:
        while piece := await reader.read(1 << 16):
            loop.call_later(ONE_WAY_SECONDS, put, writer, piece)
    except ConnectionError:
        pass
    loop.call_later(ONE_WAY_SECONDS, writer.close)


def put(writer, piece):
    if not writer.is_closing():
        writer.write(piece)


asyncio.run(main())

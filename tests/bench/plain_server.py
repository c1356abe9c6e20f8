"""The servers beside which the link pages are measured: a bare aiohttp handler, and one that does one durable insert.

`python -m tests.bench.plain_server FILE` prints its port and serves until it is killed.
"""

import asyncio
import sqlite3
import sys

import uvloop
from aiohttp import web


async def main(file: str) -> None:
    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE act (id INTEGER PRIMARY KEY, text TEXT)")

    async def bare(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>x</title>", content_type="text/html")

    async def insert(request: web.Request) -> web.Response:
        body = await request.text()
        await asyncio.to_thread(database.execute, "INSERT INTO act (text) VALUES (?)", (body,))
        return web.Response(text="<!doctype html><title>x</title>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/r/{token}", bare), web.post("/r/{token}", insert)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))

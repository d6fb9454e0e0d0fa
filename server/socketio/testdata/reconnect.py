"""A python-socketio client that tells what happens to its connection, as a line
of JSON each, and obeys the lines of its standard input.

    python reconnect.py URL websocket|polling|upgrade static|function

"token T" sets the token, "connect" connects, "emit N" sends N bytes. With "function", auth is a function that gives the newest token and the last
cursor.
"""

import asyncio
import json
import sys

import socketio

url, transport, how = sys.argv[1:]
newest = {}


def say(at, **fields):
    print(json.dumps({"at": at, **fields}), flush=True)


def listen(client, name):
    def event(payload, cursor=""):
        if cursor:
            newest["after"] = cursor
        say("event", name=name, payload=payload, cursor=cursor)

    client.on(name, event)


def refused(error):
    if isinstance(error, dict) and error.get("data"):
        say("refused", code=error["data"].get("code"))
    else:
        say("error", reason=str(error))


async def main():
    client = socketio.AsyncClient()
    client.on("connect", lambda: say("connect"))
    client.on("disconnect", lambda reason: say("disconnect", reason=reason))
    client.on("connect_error", refused)
    for name in ["video:queued", "stream:ready", "stream:reset", "auth:expiring"]:
        listen(client, name)
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        command, _, argument = line.strip().partition(" ")
        if command == "token":
            newest["token"] = argument
        elif command == "connect":
            await client.connect(
                url,
                transports=["polling", "websocket"] if transport == "upgrade" else [transport],
                auth=dict(newest) if how == "static" else lambda: newest,
                wait_timeout=20,
            )
        elif command == "emit":
            await client.emit("note", "x" * int(argument))


asyncio.run(main())

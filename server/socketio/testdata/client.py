"""Drives a door with python-socketio.

    python client.py URL

Prints one line for each scenario and ends with 1 when one of them failed.
"""

import asyncio
import sys
import time

import socketio
from socketio.exceptions import ConnectionError as Refused

URL = sys.argv[1]
PATIENCE = 20
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}


class Client:
    """One client; what comes is kept."""

    def __init__(self, **options):
        self.sio = socketio.AsyncClient(
            reconnection=options.pop("reconnection", False), reconnection_delay=0.01, reconnection_delay_max=0.05
        )
        self.options = options
        self.events = asyncio.Queue()
        self.connects = asyncio.Queue()
        self.refusals = []
        self.sio.on("connect", lambda: self.connects.put_nowait(self.sio.get_sid()))
        self.sio.on("connect_error", self.refusals.append)
        self.sio.on("video:progress", lambda payload, cursor: self.events.put_nowait((payload["n"], cursor)))

    async def __aenter__(self):
        await self.sio.connect(URL, wait_timeout=PATIENCE, **self.options)
        return self

    async def __aexit__(self, *_):
        await self.sio.disconnect()

    async def ask(self, event, data=None):
        return await self.sio.call(event, data, timeout=PATIENCE)

    async def numbers(self, count):
        got = []
        while len(got) < count:
            number, cursor = await asyncio.wait_for(self.events.get(), PATIENCE)
            assert isinstance(cursor, str) and cursor.startswith("e1."), cursor
            got.append(number)
        return got


def member(name):
    return {"token": f"{name}:u:viewer"}


async def refusals(transports):
    for auth, message, code in [
        (None, "Authentication required", "token_missing"),
        ({"token": "nonsense"}, "Invalid token", "token_invalid"),
        ({"token": "expired"}, "Invalid token", "token_expired"),
    ]:
        client = Client(transports=transports, auth=auth)
        try:
            async with client:
                raise AssertionError("let in")
        except Refused:
            pass
        assert client.refusals == [{"message": message, "data": {"code": code}}], client.refusals


async def header(transports):
    async with Client(transports=transports, headers={"Authorization": "Bearer a:u:viewer"}):
        pass


async def subscribe(transports):
    async with Client(transports=transports, auth=member("a")) as client:
        for question in ["v1", {"videoId": "v1"}]:
            answer = await client.ask("video:subscribe", question)
            assert answer["ok"] and answer["video"]["id"] == "v1" and answer["cursor"].startswith("e1."), answer
        absent = await client.ask("video:subscribe", "nothing")
        assert not absent["ok"] and absent["error"]["code"] == "not_found", absent
        assert await client.ask("video:unsubscribe", "v1") == {"ok": True}
    async with Client(transports=transports, auth=member("b")) as stranger:
        assert await stranger.ask("video:subscribe", "v1") == absent


async def burst(transports):
    async with Client(transports=transports, auth=member("python-burst-" + "-".join(transports))) as client:
        await client.sio.emit("burst", 2000)
        assert await client.numbers(2000) == list(range(2000))


async def acks(transports):
    async with Client(transports=transports, auth=member("a")) as client:
        for number in range(200):
            assert await client.ask("echo", number) == number


async def attached_bytes(transports):
    async with Client(transports=transports, auth=member("a")) as client:
        assert await client.ask("count", (b"\0\1\2\xff", {"deep": [b"1234"]})) == 8
        assert (await client.ask("video:subscribe", b"v1"))["error"]["code"] == "invalid"


async def cuts(transports, how="cut"):
    name = f"python-{how}-" + "-".join(transports)
    async with Client(transports=transports, auth=member(name), reconnection=True) as client:
        seen = {await client.connects.get()}
        for number in range(5):
            await client.sio.emit(how)
            seen.add(await asyncio.wait_for(client.connects.get(), PATIENCE))
            assert await client.ask("echo", number) == number
        assert len(seen) == 6, seen
        await client.sio.emit("burst", 200)
        assert await client.numbers(200) == list(range(200))


async def sent_away(transports):
    await cuts(transports, "away")


async def upgraded(transports):
    async with Client(transports=transports, auth=member("a")) as client:
        wanted = "polling" if transports == ["polling"] else "websocket"
        assert client.sio.transport() == wanted, client.sio.transport()


async def other_namespace(transports):
    client = Client(transports=transports, auth=member("a"), namespaces=["/", "/other"])
    refused = []
    client.sio.on("connect_error", refused.append, namespace="/other")
    try:
        async with client:
            raise AssertionError("let in")
    except Refused:
        pass
    assert refused == [{"message": "Invalid namespace"}], refused


async def main():
    failed = 0
    for name, transports in TRANSPORTS.items():
        for scenario in [refusals, header, subscribe, burst, acks, attached_bytes, cuts, sent_away, upgraded, other_namespace]:
            start = time.monotonic()
            try:
                await asyncio.wait_for(scenario(transports), 3 * PATIENCE)
                print(f"ok    {name}: {scenario.__name__} ({(time.monotonic() - start) * 1000:.0f} ms)", flush=True)
            except Exception as problem:
                failed += 1
                print(f"FAIL  {name}: {scenario.__name__}: {problem!r}", flush=True)
    return min(failed, 1)


sys.exit(asyncio.run(main()))

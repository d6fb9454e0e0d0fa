// What a server of the Engine.IO protocol, revision 4, does
// (https://github.com/socketio/engine.io-protocol): under Socket.IO, and alone,
// where each message is sent back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PollingPeer, WebSocketPeer, expected, open, request, transports, withPeer } from "./peer.mjs";

/** Waits until the peer's connection is served: the answer comes after all that was sent before. */
const served = {
  "/engine.io/": async (peer) => {
    await peer.send("4are you there");
    assert.equal(await peer.next(), "4are you there");
  },
  "/socket.io/": async (peer) => {
    await peer.send("40");
    assert.match(await peer.next(), /^40\{/);
  },
};

for (const path of Object.keys(served)) {
  describe(`Engine.IO at ${path}`, { concurrency: true }, () => {
    for (const transport of transports) {
      describe(transport, { concurrency: true }, () => {
        test("announces the session and its limits", () =>
          withPeer(path, transport, ({ hello }) => {
            assert.equal(hello[0], "0");
            const { sid, ...rest } = JSON.parse(hello.slice(1));
            assert.match(sid, /^[\w-]{16,}$/);
            assert.deepEqual(rest, { ...expected, upgrades: transport === "polling" ? ["websocket"] : [] });
          }));

        test("sends pings, and stays while they are answered", () =>
          withPeer(path, transport, async (peer) => {
            if (path === "/socket.io/") await peer.connect();
            for (let n = 0; n < 3; n++) {
              assert.equal(await peer.any(), "2");
              await peer.send("3");
            }
          }));

        test("ends a session that answers no ping", async () => {
          const peer = await open(path, transport);
          if (path === "/socket.io/") await peer.connect();
          await peer.ended();
        });

        test("ends a session that says goodbye", async () => {
          const peer = await open(path, transport);
          await peer.send("1");
          await peer.ended();
          assert.deepEqual(peer.inbox, []);
        });
      });
    }

    const refused = async (search, options) => {
      const { status, body } = await request(path, search, options);
      assert.equal(status, 400, `${search}: ${status} ${body}`);
      assert.equal(typeof JSON.parse(body).code, "number");
    };
    const shut = async (search) => {
      const peer = new WebSocketPeer(path, search);
      assert.equal(await peer.opened, false, `${search} was accepted`);
    };
    const wrong = {
      "without a revision": "?transport=",
      "with another revision": "?EIO=3&transport=",
      "with a revision that is no number": "?EIO=abc&transport=",
    };
    for (const [name, search] of Object.entries(wrong)) {
      test(`refuses a handshake ${name}`, async () => {
        await refused(`${search}polling`);
        await shut(`${search}websocket`);
      });
    }
    test("refuses a handshake without a transport, or with an unknown one", async () => {
      for (const search of ["?EIO=4", "?EIO=4&transport=", "?EIO=4&transport=pigeon"]) {
        await refused(search);
        await shut(search);
      }
    });
    for (const method of ["POST", "PUT", "DELETE"]) {
      test(`refuses a handshake by ${method}`, () => refused("?EIO=4&transport=polling", { method }));
    }
    test("refuses a session that does not exist", async () => {
      await refused("?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA");
      await shut("?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA");
    });

    test("answers a poll that waits when its client says goodbye", async () => {
      const peer = await PollingPeer.open(path);
      const [poll, goodbye] = await Promise.all([peer.poll(), peer.post("1")]);
      assert.deepEqual([goodbye.status, goodbye.body], [200, "ok"]);
      // The goodbye may have come first by far, on a slow machine.
      assert.ok((poll.status === 200 && poll.body === "6") || poll.status === 400, `${poll.status} ${poll.body}`);
      assert.equal((await peer.poll()).status, 400);
    });

    test("goes over from polling to a WebSocket", async () => {
      const peer = await PollingPeer.open(path);
      const next = await peer.probe();
      const { status, body } = await peer.poll();
      assert.equal(status, 200);
      assert.ok(body === "6" || body === "2", `the poll must end, and ended with ${body}`);
      await next.send("5");
      await served[path](next);
      next.close();
    });

    test("knows no poll of a session that went over", async () => {
      const peer = await PollingPeer.open(path);
      const next = await peer.upgrade();
      await served[path](next);
      assert.equal((await peer.poll()).status, 400);
      assert.equal((await peer.post("4late")).status, 400);
      next.close();
    });

    test("knows no second WebSocket of a session that went over", async () => {
      const peer = await PollingPeer.open(path);
      const next = await peer.upgrade();
      await served[path](next);
      const second = new WebSocketPeer(path, `${peer.search.replace("polling", "websocket")}`);
      await second.ended();
      await next.send("3");
      if (path === "/engine.io/") await served[path](next);
      else assert.match(await next.next(), /^42\["auth"/);
      next.close();
    });

    test("drops a session in which a poll overlaps another", async () => {
      for (;;) {
        const peer = await PollingPeer.open(path);
        const polls = await Promise.all([peer.poll(), peer.poll()]);
        const [answered, refusal] = polls.sort((a, b) => a.status - b.status);
        // On a slow machine a ping may have answered one before the other came.
        if (polls.some(({ body }) => body === "2")) continue;
        assert.deepEqual([answered.status, answered.body], [200, "1"]);
        assert.ok([400, 500].includes(refusal.status), String(refusal.status));
        assert.equal((await peer.poll()).status, 400);
        return;
      }
    });
  });
}

describe("Engine.IO messages", { concurrency: true }, () => {
  const echo = (transport, ...packets) =>
    withPeer("/engine.io/", transport, async (peer) => {
      if (transport === "polling") assert.equal(await peer.send(...packets), 200);
      else for (const packet of packets) await peer.send(packet);
      for (const packet of packets) assert.deepEqual(await peer.next(), packet);
    });
  const bytes = Uint8Array.from([0, 1, 2, 254, 255]);
  for (const transport of transports) {
    test(`${transport}: text comes back`, () => echo(transport, "4hello"));
    test(`${transport}: text beyond ASCII comes back`, () => echo(transport, "4žluťoučký 鯨 🐋 \u2028"));
    test(`${transport}: an empty message comes back`, () => echo(transport, "4"));
    test(`${transport}: several come back in their order`, () => echo(transport, "4one", "4two", "4three"));
    test(`${transport}: bytes come back`, () => echo(transport, bytes));
    test(`${transport}: text and bytes keep their order`, () => echo(transport, "4one", bytes, "4two"));
    test(`${transport}: a packet of no known type ends the session`, async () => {
      const peer = await open("/engine.io/", transport);
      await peer.send("abc").catch(() => {}); // the connection may break
      await peer.ended();
    });
  }
  test("a payload with one bad packet is refused", async () => {
    const peer = await PollingPeer.open("/engine.io/");
    const outcome = await peer.post("4good\x1eabc").catch(() => ({ status: "broken" }));
    assert.ok([400, "broken"].includes(outcome.status), String(outcome.status));
    assert.equal((await peer.poll()).status, 400);
  });
});

// What a server of the Socket.IO protocol, revision 5, does
// (https://github.com/socketio/socket.io-protocol). This one greets each socket
// with "auth" and what it has sent to get in, answers "message" with
// "message-back", and "message-with-ack" with its arguments. It has the
// namespaces "/" and "/custom".
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, transports, withPeer } from "./peer.mjs";

const path = "/socket.io/";

/** Reads "40/name,{…}": a CONNECT that gives the socket an id. */
function connected(packet, namespace = "") {
  assert.ok(packet?.startsWith(`40${namespace}{`), packet);
  const { sid, ...rest } = JSON.parse(packet.slice(2 + namespace.length));
  assert.match(sid, /^[\w-]{16,}$/);
  assert.deepEqual(rest, {});
  return sid;
}

for (const transport of transports) {
  describe(`Socket.IO over ${transport}`, { concurrency: true }, () => {
    const talk = (work) => withPeer(path, transport, work);
    const inside = (work) =>
      talk(async (peer) => {
        connected((await peer.connect())[0]);
        return work(peer);
      });
    const ends = async (...packets) => {
      const peer = await open(path, transport);
      for (const packet of packets) await peer.send(packet);
      await peer.ended();
    };

    const greetings = [
      ["", "", '42["auth",{}]'],
      ["", '{"token":"123"}', '42["auth",{"token":"123"}]'],
      ["/custom,", "", '42/custom,["auth",{}]'],
      ["/custom,", '{"token":"abc"}', '42/custom,["auth",{"token":"abc"}]'],
    ];
    for (const [namespace, auth, greeting] of greetings) {
      test(`lets "${namespace}${auth}" in`, () =>
        talk(async (peer) => {
          const [answer, greeted] = await peer.connect(namespace, auth);
          connected(answer, namespace);
          assert.equal(greeted, greeting);
        }));
    }

    test("gives sockets of one connection ids of their own", () =>
      inside(async (peer) => {
        const [answer] = await peer.connect("/custom,");
        const session = JSON.parse(peer.hello.slice(1)).sid;
        assert.notEqual(connected(answer, "/custom,"), session, "the session's id is a secret");
      }));

    test("refuses an unknown namespace, and the connection stays of use", () =>
      talk(async (peer) => {
        await peer.send("40/random");
        assert.equal(await peer.next(), '44/random,{"message":"Invalid namespace"}');
        await peer.send('40/random,{"token":"x"}');
        assert.equal(await peer.next(), '44/random,{"message":"Invalid namespace"}');
        connected((await peer.connect())[0]);
        await peer.send("40/random");
        assert.equal(await peer.next(), '44/random,{"message":"Invalid namespace"}');
        await peer.send('420["message-with-ack",1]');
        assert.equal(await peer.next(), "430[1]");
      }));

    test("ends a connection that begins with anything but a CONNECT", async () => {
      for (const packet of ["4abc", "4", '42["message"]', "41", "431[]"]) await ends(packet);
    });

    test("ends a connection on which no CONNECT comes", async () => {
      const peer = await open(path, transport);
      assert.equal(await peer.next(), transport === "polling" ? "1" : undefined);
      await peer.ended();
    });

    test("keeps the connection when its socket leaves the namespace", () =>
      inside(async (peer) => {
        await peer.send("41");
        for (let packet; (packet = await peer.any()) !== "2"; ) assert.equal(packet, "6");
        await peer.send("3");
      }));

    test("lets a socket leave one namespace and stay in another", () =>
      inside(async (peer) => {
        connected((await peer.connect("/custom,"))[0], "/custom,");
        await peer.send("41/custom,");
        await peer.send('42["message","to the main namespace"]');
        assert.equal(await peer.next(), '42["message-back","to the main namespace"]');
      }));

    test("carries an event with arguments of any kind", () =>
      inside(async (peer) => {
        await peer.send('42["message",1,"2",{"3":[true,null,-4.5]}]');
        assert.equal(await peer.next(), '42["message-back",1,"2",{"3":[true,null,-4.5]}]');
      }));

    test("answers with an ack that bears the event's id", () =>
      inside(async (peer) => {
        await peer.send('42456["message-with-ack",1,"2",{"3":[false]}]');
        assert.equal(await peer.next(), '43456[1,"2",{"3":[false]}]');
        await peer.send('420["message-with-ack"]');
        assert.equal(await peer.next(), "430[]");
      }));

    const parts = [Uint8Array.from([1, 2, 3]), Uint8Array.from([4, 5, 6])];
    const places = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
    const exchange = async (peer, sent, answered) => {
      for (const packet of [sent, ...parts]) await peer.send(packet);
      const got = [await peer.next(), await peer.next(), await peer.next()];
      assert.deepEqual(got, [answered, ...parts]);
    };
    test("carries an event with attached bytes", () =>
      inside((peer) => exchange(peer, `452-["message",${places}]`, `452-["message-back",${places}]`)));
    test("answers with an ack with attached bytes", () =>
      inside((peer) => exchange(peer, `452-789["message-with-ack",${places}]`, `462-789[${places}]`)));

    const malformed = {
      "an unknown packet type": "4abc",
      "a payload that is no array": "42{}",
      "a payload that is no JSON": '42["message"',
      "an id that is no number": '42abc["message-with-ack",1,"2",{"3":[false]}]',
      "an event without a name": "42[]",
      "nothing at all": "4",
    };
    for (const [name, packet] of Object.entries(malformed)) {
      test(`ends a connection that sends ${name}`, async () => {
        const peer = await open(path, transport);
        connected((await peer.connect())[0]);
        await peer.send(packet);
        await peer.ended();
      });
    }
  });
}

import { beforeEach, expect, it } from "vitest";
import { forgetMessages, Messages, ofAnnouncement, ofChat, ofNotification } from "./messages";

const ts = "2026-01-01T00:00:00Z";
const chat = (id: string, userId = "ann", text = "hi") => ofChat({ id, organizationId: "o", ts, text, userId });
const sent = { id: "1", organizationId: "o", ts, message: "down at noon", level: "warning" as const, expiresAt: null, from: "" };

beforeEach(() => localStorage.clear());

it("keeps each message once, by kind, id and, of a chat, its sender", () => {
  const messages = new Messages("o\nme");
  for (const one of [chat("1"), chat("1"), chat("1", "ben"), ofAnnouncement(sent), ofNotification(sent), ofAnnouncement(sent)]) messages.add(one);
  expect(messages.get().map(({ kind, from, text }) => [kind, from, text])).toEqual([
    ["chat", "ann", "hi"], ["chat", "ben", "hi"], ["announcement", "", "down at noon"], ["notification", "", "down at noon"],
  ]);
});

it("shares with other tabs what came and what was dismissed, and survives a reload", () => {
  const [one, other] = [new Messages("o\nme"), new Messages("o\nme")];
  let told = 0;
  const leave = other.subscribe(() => told++);
  one.add(chat("1"));
  one.dismiss(chat("1").key);
  window.dispatchEvent(new StorageEvent("storage", { key: "reelroom.messages o\nme" }));
  other.add(chat("1")); // its own event comes later
  expect(told).toBe(1);
  expect(other.get()).toEqual([]);
  other.add(chat("2"));
  expect(new Messages("o\nme").get()).toHaveLength(1);
  expect(new Messages("o\nyou").get()).toEqual([]);
  forgetMessages();
  expect(new Messages("o\nme").get()).toEqual([]);
  leave();
});

it("keeps a bounded number, and goes on where the browser keeps nothing", () => {
  const messages = new Messages("o\nme", { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("full"); } });
  for (let n = 0; n < 250; n++) messages.add(chat(String(n)));
  expect(messages.get()).toHaveLength(100);
  expect(messages.get().at(-1)!.key).toBe("chat ann 249");
});

it("does not fail on what something else has kept", () => {
  localStorage.setItem("reelroom.messages o\nme", "not json");
  const messages = new Messages("o\nme");
  messages.add(chat("1"));
  expect(messages.get()).toHaveLength(1);
});

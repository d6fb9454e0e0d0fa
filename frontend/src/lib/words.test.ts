import { expect, it } from "vitest";
import { clock, left, size } from "./words";

it("writes sizes for people", () => {
  expect([0, 1023, 1536, 5 * 1024 ** 2, 250 * 1024 ** 3].map(size)).toEqual(["0 B", "1023 B", "1.5 KB", "5.0 MB", "250 GB"]);
});

it("writes times for people", () => {
  expect([0, 75.4, 3725].map(clock)).toEqual(["0:00", "1:15", "1:02:05"]);
  expect([null, 0.2, 42, 130].map(left)).toEqual(["", "about 1 s left", "about 42 s left", "about 2 min left"]);
});

import { expect, it } from "vitest";
import { calm } from "./calm";
import { geometry } from "./geometry";

it("keeps what one looks at where it is", () => {
  const frozen = ["c", "b", "a"];
  expect(calm(frozen, ["c", "b", "a"])).toEqual(["c", "b", "a"]);
  expect(calm(frozen, ["e", "d", "c", "b", "a"]), "what comes before waits").toEqual(["c", "b", "a"]);
  expect(calm(frozen, ["c", "x", "b", "a"]), "and what comes between").toEqual(["c", "b", "a"]);
  expect(calm(frozen, ["d", "c", "b", "a", "y", "z"]), "the next page follows").toEqual(["c", "b", "a", "y", "z"]);
  expect(calm(frozen, ["c", "a"]), "what is gone is gone").toEqual(["c", "a"]);
  expect(calm(frozen, ["a", "b", "c"]), "another order waits").toEqual(["c", "b", "a"]);
  expect(calm(frozen, ["d"]), "nothing of it is left").toEqual(["d"]);
  expect(calm([], ["b", "a"])).toEqual(["b", "a"]);
});

it("lays out as many columns as there is room for", () => {
  expect(geometry("grid", 358, 16)).toMatchObject({ columns: 1, width: 358 });
  const wide = geometry("grid", 1216, 16);
  expect(wide.columns).toBe(4);
  expect(wide.columns * wide.width + (wide.columns - 1) * wide.gap).toBeLessThanOrEqual(1216);
  expect(geometry("grid", 200, 16).columns).toBe(1);
  expect(geometry("list", 1216, 16)).toMatchObject({ columns: 1, width: 1216, height: 76 });
  expect(geometry("list", 358, 16).height).toBeGreaterThan(76);
  expect(geometry("grid", 358, 32).height, "room for large words").toBeGreaterThan(geometry("grid", 358, 16).height);
});

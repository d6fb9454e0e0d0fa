import { ReelroomError } from "@reelroom/react";
import i18next from "i18next";
import { beforeAll, expect, it } from "vitest";
import { startWords } from "./i18n";
import { said, saidBy } from "./said";

beforeAll(() => startWords("en"));

it("says what a code means, in the chosen language", async () => {
  const problem = new ReelroomError("the server's words", "storage_full", 507);
  expect(said(problem)).toBe("The server has no room left.");
  await i18next.changeLanguage("de");
  expect(said(problem)).toBe("Auf dem Server ist kein Platz mehr.");
  await i18next.changeLanguage("en");
});

it("keeps the server's words where they tell more, or where the code is not known", () => {
  expect(said(new ReelroomError("The name is too <long>.", "invalid", 400))).toBe("The name is too <long>.");
  expect(saidBy("made_up", "Something new.")).toBe("Something new.");
  expect(saidBy(null, "No code at all.")).toBe("No code at all.");
  expect(said(new Error("plain"))).toBe("plain");
});

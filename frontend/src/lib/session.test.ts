import { expect, it } from "vitest";
import { currentSession, readToken, signIn, signOut } from "./session";

const token = (claims: object) => `h.${btoa(JSON.stringify(claims)).replace(/=+$/, "")}.s`;

it("reads either name of a claim", () => {
  expect(readToken(token({ userId: "u", organizationId: "o", role: "admin", exp: 5 }))).toMatchObject({ user: "u", organization: "o", role: "admin", expiresAt: 5000 });
  expect(readToken(token({ sub: "u", org_id: "o" }))).toMatchObject({ user: "u", organization: "o" });
});

it("refuses what is not a token", () => {
  for (const bad of ["", "abc", "a.b.c", "a.e30", "h.bnVsbA.s"]) expect(readToken(bad)).toBeNull();
});

it("keeps a token for the tab only", () => {
  const good = token({ sub: "u" });
  expect(signIn(`  ${good}\n`)).toBe(true);
  expect(sessionStorage.getItem("reelroom.token")).toBe(good);
  expect(currentSession()?.token).toBe(good);
  signOut();
  expect(sessionStorage.getItem("reelroom.token")).toBeNull();
  expect(localStorage.length).toBe(0);
});

import { expect, test } from "vitest";
import { curl, inner, resolve, typeOf, type Operation, type Schema } from "./spec";

const all: Record<string, Schema> = {
  Video: { type: "object", required: ["id"], properties: { id: { type: "string" }, stage: { anyOf: [{ $ref: "#/components/schemas/Stage" }, { type: "null" }] } } },
  Stage: { type: "string", enum: ["metadata", "thumbnail"] },
  Problem: { type: "object", properties: { code: { type: "string", description: "Why." }, title: { type: "string" } } },
};
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

test("types are told in few words", () => {
  expect(typeOf(ref("Video"))).toBe("Video");
  expect(typeOf({ allOf: [ref("Video")], description: "x" })).toBe("Video");
  expect(typeOf({ anyOf: [ref("Video"), { type: "null" }] })).toBe("Video or null");
  expect(typeOf({ type: ["array", "null"], items: ref("Video") })).toBe("Video[] or null");
  expect(typeOf({ type: "array", items: { type: ["number", "null"] } })).toBe("(number or null)[]");
  expect(typeOf({ type: "object", additionalProperties: { type: "number" } })).toBe("map of number");
  expect(typeOf({ type: ["string", "null"], format: "date-time" })).toBe("time or null");
  expect(typeOf({ enum: ["ok"] })).toBe('"ok"');
  expect(typeOf({ const: 404 })).toBe("404");
});

test("what is within a schema is found through references, lists and maps", () => {
  expect(inner({ type: ["array", "null"], items: ref("Video") }, all).required).toEqual(["id"]);
  expect(inner({ type: "object", additionalProperties: ref("Stage") }, all).enum).toEqual(["metadata", "thumbnail"]);
  expect(resolve(all.Video!.properties!.stage!, all).enum).toEqual(["metadata", "thumbnail"]);
  expect(resolve(ref("Nowhere"), all)).toEqual({});
});

test("a narrower problem keeps the words of the wide one", () => {
  const { properties } = resolve({ allOf: [ref("Problem"), { type: "object", properties: { code: { enum: ["not_found"] } } }] }, all);
  expect(properties).toEqual({ code: { enum: ["not_found"], description: "Why." }, title: { type: "string" } });
});

test("a call can be pasted into a shell", () => {
  const operation = { operationId: "renameVideo", security: [{ bearer: [] }], requestBody: { content: { "application/json": {} } } } as unknown as Operation;
  expect(curl("patch", "/api/videos/{id}", operation)).toBe('curl -X PATCH "$REELROOM/api/videos/$ID" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d @body.json');
});

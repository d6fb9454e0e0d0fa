import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Sensitivity, Status, Verdict, VideoDocument, VideoSort } from "../src/index";
import { fold, Query } from "../src/query";
import { Rows } from "../src/rows";
import { video } from "./fake";

/** What the server's own tests hold its stores against. */
interface Vectors {
  fold: [text: string, folded: string][];
  foldSum: string;
  videos: { id: string; title: string; fileName: string; size: number; durationSeconds: number | null; status: Status; verdict: Verdict | ""; createdAt: string }[];
  lists: { q?: string; status?: Status[]; verdict?: Verdict[]; sort?: VideoSort; ids: string[] }[];
}

const vectors = JSON.parse(readFileSync(new URL("../../../../models/testdata/listing.json", import.meta.url), "utf8")) as Vectors;

it("folds every letter as the server does", () => {
  for (const [text, folded] of vectors.fold) expect(fold(text), text).toBe(folded);
  const sum = createHash("sha256");
  for (let c = 0; c <= 0x10ffff; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    const folded = fold(String.fromCodePoint(c)).codePointAt(0)!;
    if (folded !== c) sum.update(`${c.toString(16)} ${folded.toString(16)}\n`);
  }
  expect(sum.digest("hex")).toBe(vectors.foldSum);
});

it("finds and orders as the server does", () => {
  const all: VideoDocument[] = vectors.videos.map(({ id, durationSeconds, verdict, ...more }) =>
    video(id, {
      ...more,
      metadata: durationSeconds === null || durationSeconds === undefined ? null : ({ durationSeconds } as VideoDocument["metadata"]),
      sensitivity: verdict ? ({ verdict } as Sensitivity) : null,
    }),
  );
  expect(vectors.lists.length).toBeGreaterThan(5);
  for (const { ids, ...wanted } of vectors.lists) {
    const query = new Query({ ...wanted, status: wanted.status ?? [], verdict: wanted.verdict ?? [], sort: wanted.sort || "-createdAt" });
    const rows = new Rows(query);
    for (const v of all) rows.take(v.id, query.matches(v) ? v : undefined);
    expect(rows.videos().map(({ id }) => id), JSON.stringify(wanted)).toEqual(ids);
  }
});

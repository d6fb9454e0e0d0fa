import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.2 on levels A and AA, and what axe calls best practice. */
const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The sizes and color schemes in which every view is looked at. */
export const looks = [
  { name: "wide-light", viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  { name: "wide-dark", viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  { name: "narrow-light", viewport: { width: 390, height: 844 }, colorScheme: "light" },
  { name: "narrow-dark", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
];

/**
 * What axe finds wrong with the page as it stands, a line each; `where` is a
 * selector, `rules` switches some off by name: `{ region: { enabled: false } }`.
 * It is given to the page by the debugger, so the content policy stays.
 */
export async function violations(page, where = "html", rules = {}) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const found = await page.evaluate(
    async ([context, options]) => {
      // What moves is looked at where it comes to rest.
      for (const animation of document.getAnimations()) {
        if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
      }
      return (await globalThis.axe.run(context, options)).violations;
    },
    [where, { runOnly, rules, resultTypes: ["violations"] }],
  );
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(" ")}: ${failureSummary?.replace(/\s+/g, " ")}`));
}

/** Looks at the page as it stands in every size and color scheme, and leaves it in the last. `seen` is called with each look's name. */
export async function accessible(page, { where, rules, seen } = {}) {
  const wrong = [];
  for (const { name, viewport, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    // The page draws what the new size and colors ask for, before it is looked at.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    wrong.push(...(await violations(page, where, rules)).map((words) => `${name}: ${words}`));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) wrong.push(`${name}: ${over} pixels wider than the screen`);
    await seen?.(name);
  }
  assert.deepEqual(wrong, []);
}

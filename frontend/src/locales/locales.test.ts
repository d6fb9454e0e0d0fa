import { expect, it } from "vitest";

const files = import.meta.glob<{ default: object }>("./*/*.json", { eager: true });
const languages = [...new Set(Object.keys(files).map((path) => path.split("/")[1]!))];

/** Every key with the names of what is put in: "stage.left {{count}}". */
function keysOf(words: object, path = ""): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === "string"
      ? [`${path}${key.replace(/_(zero|one|two|few|many|other)$/, "_*")} ${(value.match(/\{\{[^}]+\}\}/g) ?? []).filter((v) => v !== "{{count}}").sort().join(" ")}`]
      : keysOf(value as object, `${path}${key}.`),
  );
}

it("every language says the same", () => {
  expect(languages.length).toBeGreaterThan(1);
  for (const [path, words] of Object.entries(files)) {
    for (const language of languages) {
      const other = files[path.replace(/^\.\/[a-z]+/, `./${language}`)];
      expect(other, `${path} in ${language}`).toBeDefined();
      expect(new Set(keysOf(other!.default)), `${path} in ${language}`).toEqual(new Set(keysOf(words.default)));
    }
  }
});

// Fails when the three languages differ in keys, or when the sources use a key that does not exist.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const languages = ["ru", "kk", "en"];

function flatten(node, prefix = "") {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === "string" ? [prefix + key] : flatten(value, `${prefix}${key}.`),
  );
}

function sources(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.(vue|ts)$/.test(name) && !name.endsWith(".d.ts") ? [path] : [];
  });
}

const keys = Object.fromEntries(
  languages.map((language) => [
    language,
    new Set(flatten(JSON.parse(readFileSync(`src/locales/${language}.json`, "utf8")))),
  ]),
);

const problems = [];
const all = new Set(languages.flatMap((language) => [...keys[language]]));
for (const key of all) {
  for (const language of languages) {
    if (!keys[language].has(key)) problems.push(`${language}.json lacks "${key}"`);
  }
}
for (const path of sources("src")) {
  const text = readFileSync(path, "utf8");
  for (const [, key] of text.matchAll(/\bt\(\s*["']([\w.-]+)["']/g)) {
    if (!all.has(key)) problems.push(`${path} uses "${key}", which no language has`);
  }
}
if (problems.length > 0) {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exit(1);
}

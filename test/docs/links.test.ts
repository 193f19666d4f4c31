import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";

const ROOT = packageRoot();
const PAGES = globSync(["*.md", "docs/**/*.md", "examples/**/README.md", "test/**/*.md", "stacks/*.md"], {
  cwd: ROOT,
}).sort();
const SOURCES = globSync(
  ["src/**/*.ts", "templates/**/*.{yaml,yml,md}", "examples/**/*.yaml", "schema/*.json"],
  {
    cwd: ROOT,
  },
);

/** The last part of a path if this part is a placeholder for any name. */
const PLACEHOLDER = /\/(?:NAME|KIND)(?:\.\w+)?$/;

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const isThere = (path: string) => existsSync(join(ROOT, path));

describe.each(PAGES)("the page %s", (page) => {
  const text = withoutCode(read(page));

  test("links only to pages and headings that exist", () => {
    const dead = linksIn(text).filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      return !isThere(target) || (anchor !== undefined && !anchorsIn(read(target)).has(anchor));
    });
    expect(dead).toEqual([]);
  });

  test("names only files and folders that exist", () => {
    expect(pathsIn(read(page)).filter((path) => !isNamedFileThere(path))).toEqual([]);
  });
});

test("the pages named in messages, comments and templates exist", () => {
  const named = SOURCES.flatMap((source) => pathsIn(read(source)).map((path) => ({ source, path })));
  const pages = named.filter(({ path }) => path.startsWith("docs/"));
  expect(pages).not.toEqual([]);
  expect(pages.filter(({ path }) => !isNamedFileThere(path))).toEqual([]);
});

test("README or CONTRIBUTING names each page in docs", () => {
  const named = new Set(["README.md", "CONTRIBUTING.md"].flatMap((page) => pathsIn(read(page))));
  const pages = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  expect(pages.map((name) => `docs/${name}`).filter((path) => !named.has(path))).toEqual([]);
});

test("docs/architecture.md has a line for each folder in src", () => {
  const rows = [...read("docs/architecture.md").matchAll(/^\| `src\/([\w-]+)` \|/gm)];
  const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((one) => one.isDirectory());
  expect(rows.map(([, name]) => name).sort()).toEqual(folders.map(({ name }) => name).sort());
});

test("CONTRIBUTING names the place for each kind of addition", () => {
  const places = pathsIn(read("CONTRIBUTING.md")).filter((path) => PLACEHOLDER.test(path));
  expect(places.length).toBeGreaterThan(5);
});

/** Removes code from a text, so that links in code are not checked. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]+`/g, "");
}

function linksIn(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** Returns the anchors that GitHub creates for the headings of a page. */
function anchorsIn(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Returns the paths in a text that are below the project's own folders. */
function pathsIn(text: string): string[] {
  const named = text.match(/(?<![\w/.~@-])(?:docs|examples|schema|scripts|src|test)\/[\w./-]+/g) ?? [];
  return named.map((path) => path.replace(/[./]+$/, ""));
}

/**
 * Returns whether the named file exists. The name `docs/adr/0038` stands for the decision with that number, and
 * `src/x/NAME.ts` stands for the folder.
 */
function isNamedFileThere(path: string): boolean {
  if (/^docs\/adr\/\d{4}$/.test(path)) return globSync(`${path}-*.md`, { cwd: ROOT }).length === 1;
  return isThere(PLACEHOLDER.test(path) ? dirname(path) : path);
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkFleet } from "../../src/config/check-fleet.ts";
import { type Lock, writeLock } from "../../src/config/fleet-lock.ts";
import { findMisfits } from "../../src/config/load-runtimes.ts";
import type { Pinned } from "../../src/model/installation.ts";
import { FLEET, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();

const DIGEST = `sha256:${"0".repeat(64)}` as const;
const PINNED: Pinned = {
  ...{
    from: "npm",
    package: "@anthropic-ai/claude-code",
    version: "1.2.3",
    program: "claude",
    file: "x/claude",
  },
  archives: [{ name: "x", version: "1.2.3", integrity: "sha512-AAAA", folder: "x" }],
};

function check(runtimes: string, lock: Lock | string = { claude: PINNED }, agent = "runtime: claude") {
  const text = FLEET.replace("agents:", `runtimes: ${runtimes}\nagents:`).replace(
    "command: [/bin/true]",
    agent,
  );
  write(folder.path, { "fleet.yaml": text });
  if (typeof lock === "string") write(folder.path, { "fleet.lock": lock });
  else writeLock(folder.path, lock);
  return checkFleet(join(folder.path, "fleet.yaml"));
}

const CLAUDE = '{claude: {version: "1.2.3", from: npm}}';

describe("an agent with a pinned runtime", () => {
  test("starts the pinned version by its path, finds this version first in its PATH, and has no updater", () => {
    const { fleet } = check(CLAUDE);
    const { integrity, folder: path } = fleet?.runtimes["claude"] ?? {};
    expect(path).toBe(`/usr/local/lib/muster/runtimes/claude/1.2.3-${integrity?.slice(7, 19)}`);
    expect(fleet?.agents["iris"]).toMatchObject({
      pinned: "claude",
      command: [`${path}/bin/claude`],
      env: { DISABLE_AUTOUPDATER: "1" },
    });
    expect(fleet?.agents["iris"]?.env["PATH"]).toMatch(`${path}/bin:/home/iris/.local/bin:`);
  });

  test("can use an entry of `runtimes` that does not have the runtime's name", () => {
    const runtimes = '{next: {version: "1.2.3", from: npm, kind: claude}}';
    const { fleet } = check(runtimes, { next: PINNED }, "runtime: {kind: claude, use: next}");
    expect(fleet?.agents["iris"]?.pinned).toBe("next");
    expect(check(CLAUDE, { claude: PINNED }, "runtime: pi").fleet?.agents["iris"]?.pinned).toBeUndefined();
  });

  test("must name an entry that exists", () => {
    const { problems } = check(CLAUDE, { claude: PINNED }, "runtime: {kind: claude, use: claud}");
    expect(lines(problems).join()).toMatch(/no runtime is named "claud"; did you mean "claude"\?/);
  });
});

describe("a fleet.lock that does not match fleet.yaml", () => {
  test.each<[string, string, Lock | string, RegExp]>([
    ["lacks the entry", CLAUDE, {}, /fleet\.lock has no claude: run `npx fleet pin`/],
    [
      "has another version",
      CLAUDE,
      { claude: { ...PINNED, version: "1.2.2" } },
      /has claude 1\.2\.2: run `npx fleet pin`/,
    ],
    ["has another source", CLAUDE, { claude: { ...PINNED, from: "pypi" } }, /has claude from pypi/],
    [
      "has another package",
      CLAUDE,
      { claude: { ...PINNED, package: "other" } },
      /has the package other for claude/,
    ],
    [
      "has another digest",
      `{claw: {version: "1", from: tarball, url: a.tgz, program: claw, digest: "${DIGEST}"}}`,
      { claw: { ...PINNED, from: "tarball", package: "claw", version: "1", program: "claw", file: "claw" } },
      /has another digest of claw/,
    ],
    ["is damaged", CLAUDE, "{", /fleet\.lock is damaged: run `npx fleet pin`/],
    ["is of another version of Muster", CLAUDE, '{"format": 9}', /was written by another version of Muster/],
  ])("is reported with the command to run: it %s", (_, runtimes, lock, message) => {
    const { problems } = check(runtimes, lock, "command: [/bin/true]");
    expect(lines(problems)).toHaveLength(1);
    expect(lines(problems)[0]).toMatch(message);
    expect(findMisfits(join(folder.path, "fleet.yaml"))).toHaveLength(1);
  });

  test("is reported if it does not exist, but only for a fleet with pinned runtimes", () => {
    check(CLAUDE);
    rmSync(join(folder.path, "fleet.lock"));
    const { problems } = checkFleet(join(folder.path, "fleet.yaml"));
    expect(lines(problems).join()).toMatch(/fleet\.lock does not exist: run `npx fleet pin`/);
    write(folder.path, { "fleet.yaml": FLEET });
    expect(checkFleet(join(folder.path, "fleet.yaml")).problems).toEqual([]);
  });
});

test.each([
  ["a number as version", "{claude: {version: 1.6, from: npm}}", /must be one exact version as text/],
  ["a range as version", '{claude: {version: "^1.2", from: npm}}', /must be one exact version as text/],
  [
    "a password in the mirror",
    '{claude: {version: "1.2.3", from: npm, mirror: "https://me:pw@example.org"}}',
    /without a user or a password/,
  ],
  ["no package", '{claw: {version: "1.2.3", from: npm}}', /has no `package`/],
  ["claude at PyPI", '{claude: {version: "1.2.3", from: pypi}}', /Muster knows no package of claude at PyPI/],
  [
    "a tarball without a digest",
    '{claw: {version: "1", from: tarball, url: a.tgz, program: claw}}',
    /has no `digest`/,
  ],
  [
    "a digest for npm",
    `{claude: {version: "1.2.3", from: npm, digest: "${DIGEST}"}}`,
    /which only a tarball has/,
  ],
  [
    "a Python for npm",
    '{claude: {version: "1.2.3", from: npm, python: "3.11"}}',
    /which only `from: pypi` has/,
  ],
])("an entry of `runtimes` is refused with %s", (_, runtimes, message) => {
  expect(lines(check(runtimes).problems).join("\n")).toMatch(message);
});

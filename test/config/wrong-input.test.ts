import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Case } from "./cases/case.ts";
import { FILES } from "./cases/files.ts";
import { FORM } from "./cases/form.ts";
import { LINTS } from "./cases/lints.ts";
import { NAMES } from "./cases/names.ts";
import { TEXT } from "./cases/text.ts";
import { YAML } from "./cases/yaml.ts";
import { broken, check, FLEET, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();

beforeAll(() => {
  mkdirSync(join(folder.path, "folder"));
  symlinkSync("/etc/hostname", join(folder.path, "link.md"));
  write(folder.path, { binary: Uint8Array.from([1, 0, 255, 254]) });
});

const groups: Record<string, readonly Case[]> = { FORM, NAMES, TEXT, YAML, LINTS, FILES };

describe.each(Object.entries(groups))("an invalid fleet.yaml (group %s)", (_, cases) => {
  test.each(cases.map((one) => ({ title: one[0], one })))(
    "is refused with the position of each problem: $title",
    ({ one }) => {
      const [, passage, replacement, ...problems] = one;
      const checked = check(folder, broken(passage, replacement));
      expect(lines(checked.problems)).toEqual(problems.map((problem) => `fleet.yaml:${problem}`));
      expect(checked.fleet).toBeUndefined();
    },
  );
});

test("the fleet from which all invalid cases are derived is itself valid", () => {
  expect(lines(check(folder, FLEET).problems)).toEqual([]);
});

test("all problems are reported together, in the order of the file", () => {
  const text = broken("{kind: local}", "{kind: locl}")
    .replace("from: ", "form: ")
    .replace("host: east", "host: esat")
    .replace("  loom: {type: agent}\n", "");
  expect(lines(check(folder, text).problems)).toEqual([
    'fleet.yaml:5:15 hosts.hub.kind: must be local, ssh, droplet or pulumi; did you mean "local"?',
    "fleet.yaml:10:3 credentials.iris-key.from: is missing",
    'fleet.yaml:10:14 credentials.iris-key.form: is not a known key; did you mean "from"?',
    'fleet.yaml:17:70 agents.iris.routesTo[0]: "iris" routes to "loom" but has no contact "loom" in its contact book',
    'fleet.yaml:18:16 agents.loom.host: no host is named "esat"; did you mean "east"?',
  ]);
});

test("the error for a secret that was written in the place of a reference does not repeat the secret", () => {
  const text = broken("config:iris-key", "sk-canary-0123456789");
  expect(lines(check(folder, text).problems).join()).not.toContain("canary");
});

test("a fleet.yaml of Rancher's Fleet is recognized, and no other problem is reported", () => {
  const checked = check(folder, "defaultNamespace: shop\nhelm:\n  chart: ./chart\n");
  expect(lines(checked.problems)).toEqual([
    "fleet.yaml:1:1: this is a fleet.yaml of Rancher's Fleet (it has `defaultNamespace`), not of Muster: " +
      "name Muster's file on the command line, or keep the two files in different folders",
  ]);
});

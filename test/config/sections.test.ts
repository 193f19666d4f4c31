import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { checkFleet } from "../../src/config/check-fleet.ts";
import { loadHosts } from "../../src/config/load-hosts.ts";
import { check, FLEET, lines, useFolder, write } from "./support/folder.ts";

const folder = useFolder();
const SECTIONS = ["credentials", "identities", "contacts", "agents"] as const;
const INLINE = parse(FLEET) as Record<string, Record<string, unknown>>;

/** The small fleet with each section in a file of its own. */
const SPLIT = stringify({
  ...INLINE,
  ...Object.fromEntries(SECTIONS.map((section) => [section, { from: `${section}.yaml` }])),
});

function writeSections(change: Readonly<Record<string, string>> = {}): void {
  const files = SECTIONS.map((section) => [`${section}.yaml`, stringify(INLINE[section])]);
  write(folder.path, { ...Object.fromEntries(files), ...change });
}

const problemsOf = (change: Readonly<Record<string, string>>, text = SPLIT) => {
  writeSections(change);
  return lines(check(folder, text).problems);
};

const withAgents = (agents: object) => stringify({ ...INLINE, agents });

describe("sections in files of their own", () => {
  test("declare the same fleet as one fleet.yaml", () => {
    const expected = check(folder, FLEET).fleet;
    writeSections();
    const { fleet, problems } = check(folder, SPLIT);
    expect(problems).toEqual([]);
    expect(fleet).toEqual(expected);
  });

  test("are checked in each run, even if an earlier run has found them to be valid", () => {
    writeSections();
    expect(check(folder, SPLIT).problems).toEqual([]);
    expect(problemsOf({ "agents.yaml": "iris: {host: nowhere, tenant: arc, command: [a]}\n" })).toContain(
      'agents.yaml:1:14 agents.iris.host: no host is named "nowhere"',
    );
  });

  test("name the one invalid contact of 10,000 contacts", () => {
    const contacts = Array.from({ length: 10_000 }, (_, i) =>
      i === 7122 ? "c7122: {email: nobody}" : `c${i}: {email: c${i}@example.org, notes: known}`,
    );
    const text = stringify({ ...INLINE, contacts: { from: "contacts.yaml" } });
    const rows = ["iris: {}", "loom: {}", ...contacts];
    expect(problemsOf({ "contacts.yaml": `${rows.join("\n")}\n` }, text)).toEqual([
      'contacts.yaml:7125:16 contacts.c7122.email: "nobody" is not an e-mail address',
    ]);
  });

  test.each([
    [
      "a wrong key",
      { "credentials.yaml": "# keys\niris-key: {from: config:a, tpye: api-key}\n" },
      'credentials.yaml:2:28 credentials.iris-key.tpye: is not a known key; did you mean "type"?',
    ],
    [
      "a file that does not exist",
      { "identities.yaml": "iris: {soul: SOUL.md}\nloom:\n  soul: NOTHING.md\n" },
      'identities.yaml:3:9 identities.loom.soul: "NOTHING.md" does not exist',
    ],
    [
      "a reference to another file",
      { "agents.yaml": "iris: {host: hub, tenant: arc, command: [a], credentials: [loom-key]}\n" },
      'agents.yaml:1:60 agents.iris.credentials[0]: no credential is named "loom-key"',
    ],
    [
      "a lint",
      { "contacts.yaml": "iris: {type: agent}\n" },
      'agents.yaml:10:1 agents.loom: has no contact entry, so no other agent can find it: add "loom" to the contacts',
    ],
    [
      "a duplicate key",
      { "agents.yaml": "iris: {}\niris: {}\n" },
      "agents.yaml:2:1 agents.iris: is a duplicate key",
    ],
    ["a list", { "agents.yaml": "- iris\n" }, "agents.yaml:1:1: must be a map (name: value)"],
  ])("report a problem with its file, line and column: %s", (_, change, problem) => {
    expect(problemsOf(change).join("\n")).toContain(problem);
  });

  test("cause only one problem if a file cannot be read, and no problem for each reference to an entry in this file", () => {
    expect(problemsOf({}, withAgents({ from: "none.yaml" }))).toEqual([
      expect.stringMatching(/^fleet\.yaml:\d+:\d+ agents\.from: "none\.yaml" does not exist$/),
    ]);
    expect(problemsOf({}, withAgents({ from: ["agents.yaml", "../b.yaml"] }))).toEqual([
      expect.stringMatching(
        /^fleet\.yaml:\d+:\d+ agents\.from\[1\]: "\.\.\/b\.yaml" leads out of the folder of fleet\.yaml$/,
      ),
    ]);
  });

  test("cannot be combined with entries in fleet.yaml, and a name can be in only one file", () => {
    const mixed = { from: "agents.yaml", kay: { host: "hub", tenant: "arc", command: ["a"] } };
    expect(problemsOf({}, withAgents(mixed))).toEqual([
      expect.stringMatching(/^fleet\.yaml:\d+:\d+ agents\.kay: cannot be combined with `from`/),
    ]);
    const more = { "more.yaml": "# more\niris: {host: hub, tenant: arc, command: [a]}\n" };
    expect(problemsOf(more, withAgents({ from: ["agents.yaml", "more.yaml"] }))).toEqual([
      "more.yaml:2:1 agents.iris: is in agents.yaml too: a name can occur only once",
    ]);
    expect(problemsOf({}, withAgents({ from: [] }))).toEqual([
      expect.stringMatching(/agents\.from: must be the path of a file, or a list of paths/),
    ]);
  });

  test("can contain 2,000 agents in several files, and the hosts can be read without the agents", () => {
    const names = Array.from({ length: 2000 }, (_, i) => `agent-${i}`);
    const files = [0, 1, 2, 3].map((part) => {
      const own = names.slice(part * 500, part * 500 + 500);
      const filler = "a long command line that an operator wants to have in the declaration ".repeat(7);
      const entries = own.map(
        (name) => `${name}: {host: hub, tenant: arc, command: [/bin/echo, "${filler}"]}\n`,
      );
      return [`agents/${part}.yaml`, entries.join("")] as const;
    });
    expect(files.map(([, text]) => text.length).reduce((a, b) => a + b)).toBeGreaterThan(1024 * 1024);
    write(folder.path, Object.fromEntries(files));
    const { identities: _, credentials: __, ...rest } = INLINE;
    const each = (entry: object) => stringify(Object.fromEntries(names.map((name) => [name, entry])));
    write(folder.path, {
      "contacts.yaml": each({ type: "agent" }),
      "identities.yaml": each({ soul: "SOUL.md" }),
    });
    const text = stringify({
      ...rest,
      agents: { from: files.map(([path]) => path) },
      contacts: { from: "contacts.yaml" },
      identities: { from: "identities.yaml" },
    });
    const { fleet, problems } = check(folder, text);
    expect(lines(problems)).toEqual([]);
    expect(Object.keys(fleet?.agents ?? {})).toEqual(names);
    expect(Object.keys(loadHosts(join(folder.path, "fleet.yaml")) ?? {})).toEqual(["hub", "east"]);
    write(folder.path, { "agents/3.yaml": `${files[3]?.[1]}kay: {}\n` });
    expect(lines(checkFleet(join(folder.path, "fleet.yaml")).problems)[0]).toMatch(/^agents\/3\.yaml:501:/);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../src/base/muster-folders.ts";
import { makeSandbox, type Sandbox } from "./support/sandbox.ts";

const FLEET = `
apiVersion: muster/v1
kind: Fleet
name: arc
hosts: { hub: { kind: local } }
tenants: { arc: {} }
identities: { iris: { soul: soul.md }, arc: { soul: soul.md } }
contacts: { iris: {}, arc: {} }
agents:
  arc: { host: hub, tenant: arc, command: [/bin/sh, agent.sh] }
  iris: { host: hub, tenant: arc, command: [/bin/sh, agent.sh] }
routes:
  github.push: { agents: [arc], to: arc, patterns: [git push], match: [git push] }
`;

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = makeSandbox({ "fleet.yaml": FLEET, "soul.md": "# Iris\n" });
});
afterAll(() => sandbox?.remove());

test("`fleet routes test` shows for each agent whether the agent does a task itself or sends the task to another agent", async () => {
  expect(await sandbox.fleet("routes", "test", "run", "git", "push")).toMatchObject({
    code: 0,
    out: [
      'This text matches github.push (pattern "git push"):',
      "  arc   does it itself",
      "  iris  goes to arc (github.push)",
    ].join("\n"),
  });
  const { out } = await sandbox.fleet("routes", "test", "what github says", "--agent", "iris", "--json");
  expect(JSON.parse(out).answers).toEqual([{ agent: "iris", allowed: true }]);
  const read = (file: string) => JSON.parse(readFileSync(join(packageRoot(), "docs/schema", file), "utf8"));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema(read("drift.schema.json"), "drift.schema.json");
  expect(ajv.validate(read("routes.schema.json"), JSON.parse(out))).toBe(true);
  expect(sandbox.calls()).toEqual([]);
});

test("`fleet routes` refuses an unknown verb and an unknown agent", async () => {
  expect(await sandbox.fleet("routes", "tset", "x")).toMatchObject({ code: 2 });
  const unknown = await sandbox.fleet("routes", "test", "x", "--agent", "iriss");
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("iris") });
});

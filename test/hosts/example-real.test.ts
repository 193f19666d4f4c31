import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelApi, modelApi } from "../doubles/models/index.ts";
import { apiIdentity } from "./support/api-identity.ts";
import { must } from "./support/project.ts";
import { hasRuntime, PYTHON, type RealFleet, realFleet, SETUP_TIME } from "./support/real-runtimes.ts";

const ALL = ["claude", "codex", "pi", "hermes", "openclaw"];

const known: string[] = [];
for (const name of ALL) if (await hasRuntime(name)) known.push(name);

describe.skipIf(known.length === 0)("examples/real, with the API of the tests", () => {
  let api: ModelApi;
  let fleet: RealFleet;

  beforeAll(async () => {
    const identity = apiIdentity();
    api = await modelApi(identity);
    fleet = await realFleet(known, { port: api.port, authority: identity.authority }, { prepare: PYTHON });
  }, SETUP_TIME);

  afterAll(async () => {
    await fleet?.project.dispose();
    await api?.close();
  });

  test.skipIf(known.length < ALL.length)("has one agent for each runtime", () => {
    expect(Object.values(fleet.agents).map(({ runtime }) => runtime["kind"])).toEqual(ALL);
  });

  test("comes up with one `up`: each agent waits at its prompt, and nothing differs from fleet.yaml", async () => {
    console.log(`\`up\` of ${known.length} real runtimes took ${Math.round(fleet.seconds)} s`);
    const rows = async () => {
      const { stdout } = await fleet.project.fleet(["ps", "--json"]);
      const { agents } = JSON.parse(stdout) as {
        agents: { agent: string; beat?: string; flags: string[] }[];
      };
      return agents.map(({ agent, beat, flags }) => [agent, beat, ...flags].join(" ")).sort();
    };
    const idle = Object.keys(fleet.agents).map((name) => `${name} idle`);
    await expect.poll(rows, { timeout: 240_000 }).toEqual(idle.sort());
    expect((await must(fleet.project.fleet(["drift"]))).stdout).toContain("no drift");
  });
});

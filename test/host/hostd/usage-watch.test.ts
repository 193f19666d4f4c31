import { expect, test } from "vitest";
import { newUsageWatch } from "../../../src/host/hostd/usage-watch.ts";
import { NEW_STATE } from "../../../src/host/usage/agent-usage-state.ts";
import { writeUsageFile } from "../../../src/host/usage/usage-store.ts";
import { makeWorld } from "../world.ts";

const agent = (name: string) => ({ name, user: name, pid: 0 });

/** Lets the promises of finished runs settle. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("reads all agents at first, and then each silent agent every two minutes", async () => {
  const { host } = makeWorld();
  const runs: string[] = [];
  const watch = newUsageWatch(host, async (_, words) => runs.push(words.join(" ")) > 0);
  for (const now of [0, 0.5, 60, 119, 120, 121]) {
    watch.poll([agent("iris"), agent("loom")], now);
    await settled();
  }
  expect(runs).toEqual(["iris iris loom loom", "iris iris loom loom"]);
});

test("starts no second run while a run continues", async () => {
  const { host } = makeWorld();
  let runs = 0;
  const watch = newUsageWatch(host, () => {
    runs += 1;
    return new Promise(() => {});
  });
  for (const now of [0, 200, 400]) watch.poll([agent("iris")], now);
  await settled();
  expect(runs).toBe(1);
});

test("after a failed run, reads each of its agents alone, so that one agent stops no other", async () => {
  const { host } = makeWorld();
  const runs: string[] = [];
  const watch = newUsageWatch(host, async (_, words) => {
    runs.push(words.join(" "));
    return !words.includes("loom");
  });
  for (const now of [0, 120, 121, 240, 241, 242]) {
    watch.poll([agent("iris"), agent("loom")], now);
    await settled();
  }
  expect(runs.slice(0, 3)).toEqual(["iris iris loom loom", "iris iris", "loom loom"]);
  expect(runs.slice(3)).toEqual(["iris iris", "loom loom"]);
});

test("knows what earlier runs have read", () => {
  const { host } = makeWorld();
  const refusal = { kind: "credit", at: 1, text: "no credit" } as const;
  writeUsageFile(host, "iris", { state: NEW_STATE, days: {} }, { refusal }, new Date());
  const watch = newUsageWatch(host);
  watch.poll([agent("iris")], 0);
  expect(watch.evidenceOf("iris")).toEqual({ refusal });
});

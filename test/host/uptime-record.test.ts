import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { addSamples, readUptimes } from "../../src/host/units/uptime-record.ts";
import { makeWorld } from "./world.ts";

test("samples of a day are added up, and each day has its own file", () => {
  const { host } = makeWorld();
  const at = (text: string) => new Date(`${text}Z`);
  const samples = (...states: ("down" | "idle" | "busy" | "paused")[]) =>
    states.map((state, i) => ({ agent: ["iris", "loom"][i] ?? "", state }));
  addSamples(host, samples("idle", "down"), 60, at("2026-11-29T23:59:00"));
  addSamples(host, samples("busy", "paused"), 60, at("2026-11-30T00:01:00"));
  addSamples(host, samples("idle", "busy"), 60, at("2026-11-30T00:02:00"));
  expect(readUptimes(host)).toEqual([
    { agent: "iris", date: "2026-11-29", up: 60, busy: 0, paused: 0, from: 86_280 },
    { agent: "loom", date: "2026-11-29", up: 0, busy: 0, paused: 0, from: 86_280 },
    { agent: "iris", date: "2026-11-30", up: 120, busy: 60, paused: 0, from: 0 },
    { agent: "loom", date: "2026-11-30", up: 60, busy: 60, paused: 60, from: 0 },
  ]);
});

test("old days are deleted, and a truncated file counts as empty", () => {
  const { host } = makeWorld();
  const folder = `${host.paths.hostd}/uptime`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/2026-01-01.json`, "{}");
  writeFileSync(`${folder}/2026-11-30.json`, '{"iris": [60, ');
  addSamples(host, [{ agent: "iris", state: "idle" }], 60, new Date("2026-11-30T00:01:00Z"));
  expect(readdirSync(folder)).toEqual(["2026-11-30.json"]);
  expect(readUptimes(host)).toMatchObject([{ up: 60 }]);
});

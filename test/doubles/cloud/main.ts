/** The cloud's command line: `main.ts --state DIR [--port N] [--no-hosts | --clean]`. README.md explains it. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startCloud } from "./index.ts";
import { noMachines } from "./machines/no-machines.ts";
import { nspawnMachines } from "./machines/nspawn.ts";

const { values } = parseArgs({
  options: {
    state: { type: "string" },
    port: { type: "string", default: "0" },
    "no-hosts": { type: "boolean", default: false },
    clean: { type: "boolean", default: false },
  },
});
if (values.state === undefined) throw new Error("say where it keeps its state: --state DIR");
const dir = resolve(values.state);
if (values.clean) {
  await nspawnMachines(dir).removeAll();
  process.exit(0);
}
const machines = values["no-hosts"] ? noMachines() : nspawnMachines(dir);
const cloud = await startCloud({ dir, machines, port: Number(values.port) });
console.log(JSON.stringify({ url: cloud.url, token: cloud.token, state: join(dir, "cloud.json") }));

async function end(): Promise<void> {
  await cloud.stop();
  for (const failure of cloud.failures) console.error(failure);
  process.exit(0);
}

process.on("SIGINT", end).on("SIGTERM", end);

/**
 * `npm run bench [HOSTSxAGENTS…] [dead] [tenants] [recovery] [watch]` measures Muster on real hosts. For comparison, it
 * measures:
 * - plain ssh scripts that check the same facts or create the same result, over new connections;
 * - the engine with a program that declares nothing;
 * - the floor, which is the fleet's own program with a provider that does nothing.
 * Muster's connections stay open between commands, so its commands are measured with new and with open connections.
 * Each HOSTSxAGENTS cell boots its hosts first and uses them as `kind: ssh`, so the times do not include a boot.
 * `dead` measures the check of ten hosts while one of them is dead, and `fleet ps` while two of them are dead. `tenants` measures the `up` of two tenants, first
 * one after the other and then simultaneously. `recovery` measures the time until fifty agents that die or hang
 * simultaneously have recovered, and the cost of their deadman and of its metrics. `watch` measures how soon a watcher
 * sees a change on an agent's terminal.
 * BENCH_ROUNDS sets the number of rounds (default 5). Rounds with new hosts run at most twice.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import setup from "../test/hosts/support/setup.ts";
import { deadTable, runDead } from "./dead-host.ts";
import type { Cell } from "./fleet.ts";
import { holdSignals } from "./hold-signals.ts";
import { type CellResult, runCell } from "./measure-fleet.ts";
import { recoveryTable, runRecovery } from "./recovery/index.ts";
import { runTenants, tenantsTable } from "./simultaneous-tenants.ts";
import { ratiosOf, tablesOf } from "./tables.ts";
import { runWatch, watchTable } from "./watch-latency.ts";

const DEAD = "dead";
const TENANTS = "tenants";
const RECOVERY = "recovery";
const WATCH = "watch";
const CELLS = ["1x10", "4x10", "10x10", DEAD, TENANTS, RECOVERY, WATCH];
const RESULTS = join(import.meta.dirname, "results");

holdSignals();
await setup();
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 5);
const words = process.argv.slice(2).length > 0 ? process.argv.slice(2) : CELLS;
const results: CellResult[] = [];
for (const cell of words.filter((word) => ![DEAD, TENANTS, RECOVERY, WATCH].includes(word)).map(parseCell)) {
  const log = (line: string) => process.stderr.write(`${cell.hosts} x ${cell.agents}: ${line}\n`);
  const result = await runCell(cell, rounds, log);
  results.push(result);
  process.stdout.write(`${tablesOf(result)}\n`);
}
const dead = words.includes(DEAD)
  ? await runDead(rounds, (line) => process.stderr.write(`dead: ${line}\n`))
  : undefined;
if (dead !== undefined) process.stdout.write(deadTable(dead));
const tenants = words.includes(TENANTS)
  ? await runTenants(rounds, (line) => process.stderr.write(`tenants: ${line}\n`))
  : undefined;
if (tenants !== undefined) process.stdout.write(tenantsTable(tenants));
const recovery = words.includes(RECOVERY)
  ? await runRecovery(rounds, (line) => process.stderr.write(`recovery: ${line}\n`))
  : undefined;
if (recovery !== undefined) process.stdout.write(recoveryTable(recovery));
const watch = words.includes(WATCH)
  ? await runWatch(rounds, (line) => process.stderr.write(`watch: ${line}\n`))
  : undefined;
if (watch !== undefined) process.stdout.write(watchTable(watch));
save(results, { dead, tenants, recovery, watch });

function parseCell(word: string): Cell {
  const [, hosts, agents] = /^([1-9]\d*)x([1-9]\d*)$/.exec(word) ?? [];
  if (hosts === undefined || agents === undefined) throw new Error(`${word} is not of the form 4x10`);
  return { hosts: Number(hosts), agents: Number(agents) };
}

function save(cells: readonly CellResult[], others: object): void {
  mkdirSync(RESULTS, { recursive: true });
  const time = new Date().toISOString();
  const file = join(RESULTS, `${time.replaceAll(":", "-")}.json`);
  const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
  const report = cells.map((cell) => ({ ...cell, ratios: ratiosOf(cell) }));
  writeFileSync(file, `${JSON.stringify({ time, machine, cells: report, ...others }, null, 2)}\n`);
  process.stderr.write(`written: ${file}\n`);
}

/**
 * The host runtime: `host.mjs serve [--read-only]` answers requests on its standard input, one JSON line
 * each and one after another, until that ends. `host.mjs gate KIND NAME` does so for the scope of one key, and
 * `host.mjs mend` is what it starts as an agent's user. `host.mjs hostd` is the deadman, which systemd keeps running, and
 * `host.mjs job failed|replace WORD` what it starts for a job.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { GateName } from "../model/gate-account.ts";
import { findAuthorizer, tableOf } from "./authorization/registry.ts";
import { thisHost } from "./context.ts";
import { runHostd } from "./hostd/hostd.ts";
import { handleJob } from "./jobs/handle-job.ts";
import { moveHooks } from "./moves/hooks.ts";
import { answerBatch, greeting, parseBatches, READERS, READERS_AND_WRITERS, type Table } from "./serve.ts";
import { runRepair } from "./sqlite/repair-process.ts";
import { reasonOf } from "./system/error-reason.ts";

/** Characters of one request at most, so that no client can fill the memory. */
const MOST = 64 * 1024 * 1024;

const host = thisHost(fileURLToPath(import.meta.url), [moveHooks]);
const [command, ...words] = process.argv.slice(2);
const gate = command === "gate" ? findAuthorizer(words) : undefined;
if (command === "serve" && words.length === 0) serve(READERS_AND_WRITERS);
else if (command === "serve" && words.join(" ") === "--read-only") serve(READERS);
else if (gate !== undefined) serveGate(gate);
else if (command === "mend" && words.length === 0) process.exitCode = runRepair();
else if (command === "job") process.exitCode = handleJob(host, words);
else if (command === "hostd" && words.length === 0) runHostd(host);
else {
  process.stderr.write(
    "usage: host.mjs serve [--read-only] | gate KIND NAME | mend | hostd | job VERB WORD\n",
  );
  process.exitCode = 2;
}

function serveGate(name: GateName): void {
  try {
    serve(tableOf(host, name));
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exitCode = 1;
  }
}

function serve(table: Table): void {
  process.umask(0o022);
  // The client is gone: there is nobody left to answer, and the change in progress is done.
  process.stdout.on("error", () => process.exit(1));
  process.stdout.write(greeting(host));
  void answerAll(table);
}

/** Milliseconds in which requests that were sent together arrive. */
const MOMENT = 10;

/** Between two batches the event loop runs, so that a disconnected client is noticed before the next one begins. */
async function answerAll(table: Table): Promise<void> {
  let rest = "";
  let waiting: string[] = [];
  let turn = Promise.resolve();
  const answerWaiting = async () => {
    // Only changes wait for others to join their batch.
    await setTimeout(waiting[0]?.includes('"op":"converge"') ? MOMENT : 0);
    const lines = waiting;
    waiting = [];
    for (const batch of parseBatches(lines)) {
      for (const answer of answerBatch(host, table, batch))
        void answer.then((line) => process.stdout.write(line));
      await setImmediate();
    }
  };
  for await (const text of process.stdin.setEncoding("utf8")) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST) process.exit(1);
    const isFirst = waiting.length === 0;
    waiting.push(...lines.filter((line) => line.trim() !== ""));
    if (isFirst && waiting.length > 0) turn = turn.then(answerWaiting);
  }
}

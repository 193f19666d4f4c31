/**
 * The commands of the host runtime that only root can use. `host.mjs serve [--read-only]` reads requests from its
 * standard input, one JSON line each, and answers the requests in order until the input ends. `host.mjs gate KIND NAME`
 * also answers requests, but only within the scope of one gate. `host.mjs install` installs a version of a runtime; the
 * runtime starts this command when a client requests the installation. `host.mjs mend` repairs a database; the runtime
 * starts this command as the agent's user. `host.mjs courier` delivers the handoffs of an agent.
 * `host.mjs inbox HOST TENANT` receives handoffs from another host. `host.mjs usage` reads the usage of agents from the
 * records of their runtimes. `host.mjs take-over` finishes the take-overs of a killed run. `host.mjs self-sync` answers
 * an agent's request for a self-sync, and `host.mjs trials` ends the trials of new revisions; hostd starts both.
 * `host.mjs writers` records which processes write the declared files. `host.mjs hostd` is the deadman. systemd keeps
 * the deadman running, and starts `host.mjs job failed|replace WORD` when a job has failed or must replace its previous
 * run.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { GateName } from "../model/gate-account.ts";
import { findAuthorizer, tableOf } from "./authorization/registry.ts";
import { answerSelfSync } from "./checkouts/answer-self-sync.ts";
import { settleTrials } from "./checkouts/trials.ts";
import { thisHost } from "./context.ts";
import { runCourier } from "./handoff/courier.ts";
import { runInbox } from "./handoff/inbox.ts";
import { runHostd } from "./hostd/hostd.ts";
import { runInstall } from "./installations/install-process.ts";
import { handleJob } from "./jobs/retry-or-replace-job.ts";
import { moveHooks } from "./moves/lifecycle-hooks.ts";
import { stopWatchers } from "./pane/agent-terminal.ts";
import { returnAllKeyboards } from "./pane/keyboard.ts";
import { closeViews } from "./pane/pane-views.ts";
import { finishTakeOvers } from "./reconcile/await-stable.ts";
import { ALL_HANDLERS, answerBatch, greeting, parseBatches, READERS, type Table } from "./serve.ts";
import { runRepair } from "./sqlite/repair-process.ts";
import { reasonOf } from "./system/error-reason.ts";
import { runUsage } from "./usage/usage-command.ts";
import { recordWriters } from "./writers/record-writers.ts";

/** The maximum length of a request in characters, so that no client can fill the memory. */
const MOST = 64 * 1024 * 1024;

const host = thisHost(fileURLToPath(import.meta.url), [moveHooks]);
const [command, ...words] = process.argv.slice(2);
const gate = command === "gate" ? findAuthorizer(words) : undefined;
if (command === "serve" && words.length === 0) serve(ALL_HANDLERS);
else if (command === "serve" && words.join(" ") === "--read-only") serve(READERS);
else if (gate !== undefined) serveGate(gate);
else if (command === "install" && words.length === 0) void runInstall(host);
else if (command === "mend" && words.length === 0) process.exitCode = runRepair();
else if (command === "job") process.exitCode = handleJob(host, words);
else if (command === "take-over" && words.length === 0) void finishTakeOvers(host);
else if (command === "courier" && words.length === 1) void runCourier(host, words[0] ?? "");
else if (command === "usage") runUsage(host, words);
else if (command === "inbox" && words.length === 2) void runInbox(host, words[0] ?? "", words[1] ?? "");
else if (command === "self-sync" && words.length === 1) void answerSelfSync(host, words[0] ?? "");
else if (command === "trials" && words.length === 0) settleTrials(host);
else if (command === "writers" && words.length === 0) recordWriters(host);
else if (command === "hostd" && words.length === 0) runHostd(host);
else {
  process.stderr.write(
    "usage: host.mjs serve [--read-only] | gate KIND NAME | install | mend | courier AGENT | inbox HOST TENANT | usage AGENT USER... | take-over | self-sync AGENT | trials | writers | hostd | job VERB WORD\n",
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
  // An error means that the client has disconnected. The last change is complete, so the process can exit.
  process.stdout.on("error", () => process.exit(1));
  process.stdout.write(greeting(host));
  process.on("exit", () => {
    returnAllKeyboards(host);
    stopWatchers(host);
  });
  void answerAll(table).then(() => {
    returnAllKeyboards(host);
    return closeViews();
  });
}

/**
 * Milliseconds to wait for more requests of a batch. Requests that were sent together arrive within this
 * time.
 */
const MOMENT = 10;

/**
 * Answers all requests. The event loop runs between two batches, so that a disconnect is noticed before the
 * next batch begins.
 */
async function answerAll(table: Table): Promise<void> {
  let rest = "";
  let waiting: string[] = [];
  let turn = Promise.resolve();
  const answerWaiting = async () => {
    // Only `converge` requests are batched, so no other request needs to wait.
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

/**
 * The host runtime: `host.mjs serve [--read-only]` answers requests on its standard input, one JSON line
 * each and one after another, until that ends. `host.mjs mend` is what it starts as an agent's user.
 */
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Host, thisHost } from "./context.ts";
import { runMender } from "./mender.ts";
import { answerLine, greeting, READERS, READERS_AND_WRITERS, type Table } from "./serve.ts";

const [command, ...flags] = process.argv.slice(2);
if (command === "serve" && flags.every((flag) => flag === "--read-only")) serve(flags.length > 0);
else if (command === "mend" && flags.length === 0) process.exitCode = runMender();
else {
  process.stderr.write("usage: host.mjs serve [--read-only] | mend\n");
  process.exitCode = 2;
}

function serve(readOnly: boolean): void {
  process.umask(0o022);
  // Whoever asked is gone: nothing is left to say, and the change that was under way is done.
  process.stdout.on("error", () => process.exit(1));
  const host = thisHost(fileURLToPath(import.meta.url));
  const table = readOnly ? READERS : READERS_AND_WRITERS;
  process.stdout.write(greeting(host));
  void answerAll(host, table);
}

/** Between two requests the loop turns, so that one who is gone is noticed before the next is begun. */
async function answerAll(host: Host, table: Table): Promise<void> {
  let rest = "";
  for await (const text of process.stdin.setEncoding("utf8")) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((l) => l.trim() !== "")) {
      process.stdout.write(answerLine(host, table, line));
      await setImmediate();
    }
  }
}

import type { Io } from "./command.ts";
import { EXIT } from "./exit.ts";
import { runFleet } from "./program.ts";

const io: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal: process.stdout.isTTY === true,
  get columns() {
    return process.stdout.columns;
  },
  isColoured: process.stdout.isTTY === true && process.stdout.hasColors(),
  closed: () => process.stdout.destroyed,
};

// A program such as `head` can close the pipe early. This is not a failure, so the exit code does not change.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.on("SIGINT", () => {
  io.err("\ncancelled\n");
  process.exit(EXIT.cancelled);
});

process.exitCode = await runFleet(process.argv.slice(2), io);

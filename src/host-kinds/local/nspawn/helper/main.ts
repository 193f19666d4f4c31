/**
 * `local-helper COMMAND`, the only program for local hosts that runs as root. Reads a HelperRequest from stdin, reports
 * progress on stderr, and prints a HelperResult as the last line on stdout.
 */
import { text } from "node:stream/consumers";
import { ExecaError } from "execa";
import { MusterError } from "../../../../base/errors.ts";
import type { HelperRequest, HelperResult } from "../helper-protocol.ts";
import { commands } from "./commands.ts";

async function run(): Promise<HelperResult> {
  try {
    const command = commands[process.argv[2] as keyof typeof commands];
    if (command === undefined) throw new Error(`no such command: ${process.argv[2]}`);
    const request = JSON.parse(await text(process.stdin)) as HelperRequest;
    return { answer: await command(request, (line) => process.stderr.write(`${line}\n`)) };
  } catch (error) {
    return { error: sentence(error) };
  }
}

function sentence(error: unknown): { what: string; why: string; next?: string; where?: string } {
  if (error instanceof MusterError) {
    const { what, why, next, where } = error;
    return { what, why, ...(next === undefined ? {} : { next }), ...(where === undefined ? {} : { where }) };
  }
  if (error instanceof ExecaError) {
    const said = String(error.all ?? error.stderr ?? "").trimEnd();
    return {
      what: `local hosts: ${error.command.split(" ", 1)[0]} failed`,
      why: said.split("\n").slice(-3).join(" "),
    };
  }
  return {
    what: "local hosts: the helper failed",
    why: error instanceof Error ? error.message : String(error),
  };
}

/** The folders of system programs. The PATH of a user often does not contain `/usr/sbin`. */
const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

process.env["PATH"] = SYSTEM_PATH;
// Users other than root must be able to read the address and the state of a host, even if the umask of the
// caller forbids this.
process.umask(0o022);
const result = await run();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = "error" in result ? 1 : 0;

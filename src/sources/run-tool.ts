import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { MusterError } from "../base/errors.ts";
import { visible } from "../base/terminal-text.ts";
import { userEnvironment } from "../base/user-environment.ts";

/** The maximum time in milliseconds for one call, which can download hundreds of megabytes. */
const PATIENCE = 15 * 60 * 1000;

/** The maximum number of characters of a tool's message that are shown. */
const MOST_SHOWN = 600;

export interface ToolCall {
  readonly tool: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The purpose of the call, for the error message. */
  readonly what: string;
}

/**
 * Runs npm or Python with the operator's own settings, and returns its output. Does not pass on the passphrase and the
 * tokens of Pulumi and DigitalOcean.
 *
 * @throws MusterError with the end of the tool's messages if the tool fails
 */
export async function runTool({ tool, args, cwd, what }: ToolCall): Promise<string> {
  const env = userEnvironment(process.env);
  const child = spawn(tool, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE });
  const ended = new Promise<number | null | Error>((resolve) => {
    child.once("error", resolve);
    child.once("close", resolve);
  });
  const [out, errors, end] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (end === 0) return out;
  const said = `${errors.trim() || out.trim()}`.slice(-MOST_SHOWN);
  const why = end instanceof Error ? end.message : said || `it ended with status ${end}`;
  throw new MusterError({ what, why: `\`${tool}\` failed: ${why.split("\n").map(visible).join(" ")}` });
}

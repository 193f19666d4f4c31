import { InvalidError } from "../base/errors.ts";
import { visible } from "../base/terminal-text.ts";
import { driftOf } from "./check-drift.ts";
import type { CommandInput } from "./command.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { codesOf } from "./observe/fleet-report.ts";
import { renderDrift } from "./render/drift.ts";
import { renderInvalid, renderMarkdown } from "./render/markdown.ts";

/** The result of a CI run, for the run's log and for the forge. */
export interface CiResult {
  readonly codes: readonly ExitCode[];
  readonly title: string;
  readonly text: string;
  readonly markdown: string;
}

/** Checks for drift. If the fleet is invalid, returns the errors as the result, so that the forge shows the errors. */
export async function ciResult(options: CommandInput["options"]): Promise<CiResult> {
  try {
    const report = await driftOf(options);
    return {
      codes: codesOf(report),
      title: `Drift of ${report.fleet}`,
      text: renderDrift(report),
      markdown: renderMarkdown(report),
    };
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    const lines = error.message.split("\n");
    return {
      codes: [EXIT.invalid],
      title: "The fleet cannot be checked",
      text: `${lines.map(visible).join("\n")}\n`,
      markdown: renderInvalid(lines),
    };
  }
}

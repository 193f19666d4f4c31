import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { InvalidError } from "../../base/errors.ts";
import { blankUnsafe } from "../../base/terminal-text.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import { formatProblem } from "../../config/problem.ts";
import type { Proposal } from "./proposal.ts";

/**
 * Writes a proposal as a folder that can be a project of its own; nothing that is there is overwritten.
 *
 * @returns what is wrong with it as a fleet.yaml, a line each
 * @throws InvalidError where the folder is there already
 */
export function writeProposal(dir: string, { fleet, files, notes, left }: Proposal): string[] {
  if (existsSync(dir)) {
    const next = "Name another folder with `--out DIR`, or move it away.";
    throw new InvalidError({ what: `${dir} was not written`, why: "it is there already.", next });
  }
  const comment = [
    ...notes.map((note) => `- ${note}`),
    ...(left.length > 0 ? ["Not declared:", ...left.map((what) => `- ${what}`)] : []),
  ];
  const header = comment.map((line) => `# ${blankUnsafe(line)}\n`).join("");
  const all = { ...files, "fleet.yaml": `${header}${stringify(fleet, { lineWidth: 0 })}` };
  for (const [path, text] of Object.entries(all)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  }
  return checkFleet(join(dir, "fleet.yaml")).problems.map(formatProblem);
}

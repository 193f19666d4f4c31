import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { InvalidError } from "../../base/errors.ts";
import { blankUnsafe } from "../../base/terminal-text.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import { formatProblem } from "../../config/problem.ts";
import type { Proposal } from "./proposal.ts";

/**
 * Writes a proposal to a new folder, which can then be used as a project. Only the folder's owner can read the folder,
 * because the texts of agents can be private.
 *
 * @returns one line for each problem in the new fleet.yaml
 * @throws InvalidError if the folder already exists
 */
export function writeProposal(dir: string, { fleet, files, notes, left }: Proposal): string[] {
  if (existsSync(dir)) {
    const next = "Give another folder with `--out DIR`, or move the existing one.";
    throw new InvalidError({ what: `${dir} was not written`, why: "it already exists.", next });
  }
  const comment = [
    ...notes.map((note) => `- ${note}`),
    ...(left.length > 0 ? ["Not declared:", ...left.map((what) => `- ${what}`)] : []),
  ];
  const header = comment.map((line) => `# ${blankUnsafe(line)}\n`).join("");
  const all = { ...files, "fleet.yaml": `${header}${stringify(fleet, { lineWidth: 0 })}` };
  for (const [path, text] of Object.entries(all)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  }
  return checkFleet(join(dir, "fleet.yaml")).problems.map(formatProblem);
}

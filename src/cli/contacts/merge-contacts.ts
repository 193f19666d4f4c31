import { count } from "../../base/count.ts";
import { visible } from "../../base/terminal-text.ts";
import type { AgentSpec } from "../../config/fleet.ts";
import type { ContactsAnswer, DuplicateContact } from "../../model/duplicate-contacts.ts";
import { agentId } from "../../model/resource-id.ts";
import type { HostController } from "../../transport/connect.ts";
import type { Io } from "../command.ts";
import { type ExitCode, exitOf } from "../exit.ts";

/** Opens a connection to a host. */
export type OpenController = (host: string) => Promise<HostController>;

/** An agent and the duplicates in its contact book. */
export interface AgentDuplicates {
  readonly agent: AgentSpec;
  readonly answer: ContactsAnswer;
}

/** Finds the duplicates of all agents. If a host does not answer, prints the reason and continues. */
export async function findAllDuplicates(
  open: OpenController,
  agents: readonly AgentSpec[],
  io: Io,
): Promise<{ found: AgentDuplicates[]; codes: ExitCode[] }> {
  const results = await Promise.all(agents.map((agent) => ask(open, agent, io)));
  const found = results.flatMap((one) => ("answer" in one && one.answer.duplicates.length > 0 ? [one] : []));
  return { found, codes: results.flatMap((one) => ("code" in one ? [one.code] : [])) };
}

/** Merges the listed duplicates, and prints the paths of the copies of the former rows. */
export async function mergeAll(
  open: OpenController,
  found: readonly AgentDuplicates[],
  io: Io,
): Promise<ExitCode[]> {
  const results = await Promise.all(found.map(({ agent, answer }) => ask(open, agent, io, answer.digest)));
  for (const one of results) if ("answer" in one) io.out(`${mergedText(one)}\n`);
  return results.flatMap((one) => ("code" in one ? [one.code] : []));
}

async function ask(
  open: OpenController,
  agent: AgentSpec,
  io: Io,
  merge?: string,
): Promise<AgentDuplicates | { readonly code: ExitCode }> {
  try {
    const controller = await open(agent.host);
    const resource = agentId(agent.host, agent.name);
    const answer = await controller.contacts({
      op: "contacts",
      resource,
      ...(merge !== undefined && { merge }),
    });
    return { agent, answer };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    io.err(`${agent.name}: ${visible(why)}\n`);
    return { code: exitOf(error) };
  }
}

function mergedText({ agent, answer: { duplicates, kept } }: AgentDuplicates): string {
  if (kept === undefined) return `${agent.name} has no duplicates any more`;
  const removed = duplicates.reduce((sum, one) => sum + one.removed.length, 0);
  return visible(
    `${agent.name}: merged ${count(removed, "row")} into ${count(duplicates.length, "contact")}; the former rows are in ${kept} on ${agent.host}`,
  );
}

/** Returns the duplicates of an agent as text, with everything that a merge would change. */
export function duplicatesText({ agent, answer }: AgentDuplicates): string {
  return [
    `${agent.name}: ${count(answer.duplicates.length, "contact")} with duplicates`,
    ...answer.duplicates.flatMap(duplicateLines),
    "",
  ].join("\n");
}

function duplicateLines({ same, kept, removed, filled, notes }: DuplicateContact): string[] {
  const nameOf = ({ id, cells }: DuplicateContact["kept"]) =>
    `${cells["name"] ?? cells["display_name"] ?? "(no name)"} (row ${id})`;
  const gone = removed.map(nameOf).join(", ");
  const valueFrom = ({ column, from }: DuplicateContact["filled"][number]) =>
    removed.find(({ id }) => id === from)?.cells[column] ?? "";
  return [
    `  ${visible(`${nameOf(kept)} stays, and ${gone} is merged into it: same ${same}`)}`,
    ...filled.map((cell) => `    ${visible(`${cell.column}: ${valueFrom(cell)}`)}`),
    ...(notes === undefined
      ? []
      : notes.text.split("\n").map((line) => `    ${visible(`${notes.column}: ${line}`)}`)),
  ];
}

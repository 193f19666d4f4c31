import { subjectOf } from "../../model/resource-id.ts";
import { listed } from "./join-words.ts";

/** A renamed resource: its name in the state, and its current name. */
export interface Renamed {
  readonly type: string;
  readonly from: string;
  readonly to: string;
  /** The files on the host, such as sudoers, that name the user. */
  readonly files: readonly string[];
}

/** Returns one sentence about the effects of the rename for each renamed agent, tenant and host. */
export function renameSentences(renamed: readonly Renamed[]): string[] {
  return renamed.flatMap(({ type, from, to, files }) => {
    const [was, is] = [subjectOf(from), subjectOf(to)];
    if (type === "Host") {
      return [
        `${was.host} becomes ${is.host}: \`up\` renames its records; nothing on it is stopped or moved.`,
      ];
    }
    const effect = EFFECTS[type];
    if (was.name === is.name || effect === undefined) return [];
    const who = is.kind === "tenant" ? "tenant " : "";
    const left =
      files.length === 0
        ? ""
        : ` It does not change ${listed(files)}: replace ${was.name} with ${is.name} there, because these lines apply to any later user ${was.name}.`;
    return [`${is.host}: ${who}${was.name} becomes ${is.name}: \`up\` ${effect}.${left}`];
  });
}

/** The effects of a rename, by resource type. Each agent and each tenant has exactly one resource of these types. */
const EFFECTS: Readonly<Record<string, string>> = {
  Agent:
    "stops it, renames its user and its home with everything in it, and its crontab and linger if it has them, and starts it again",
  Tenant: "renames its group and restarts its agents once",
};

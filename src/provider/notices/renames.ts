import { subjectOf } from "../../model/resource-id.ts";

/** A resource with the name in the state and the current one. */
export interface Renamed {
  readonly type: string;
  readonly from: string;
  readonly to: string;
}

/** What a rename does on its host, one sentence for each agent, tenant and host. */
export function renameSentences(renamed: readonly Renamed[]): string[] {
  return renamed.flatMap(({ type, from, to }) => {
    const [was, is] = [subjectOf(from), subjectOf(to)];
    if (type === "Host") {
      return [
        `${was.host} becomes ${is.host}: \`up\` renames its records; nothing on it is stopped or moved.`,
      ];
    }
    const effect = EFFECTS[type];
    if (was.name === is.name || effect === undefined) return [];
    const who = is.kind === "tenant" ? "tenant " : "";
    return [`${is.host}: ${who}${was.name} becomes ${is.name}: \`up\` ${effect}.`];
  });
}

/** By the type that each agent and each tenant has exactly once. */
const EFFECTS: Readonly<Record<string, string>> = {
  Agent: "stops it, renames its user and its home with all that it holds, and starts it again",
  Tenant: "renames its group, and starts its agents again once",
};

import { MusterError } from "../../base/errors.ts";
import type { DirectoryItem, Items } from "../../model/items.ts";
import { agentOf } from "../../model/resource-id.ts";
import { type Account, accountOf, readAccounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { ownsContent } from "../kinds/directory.ts";

/** An agent's home as the resource that has it says. */
export interface Home {
  readonly agent: string;
  readonly path: string;
  readonly user: string;
}

/**
 * The home among a resource's items.
 *
 * @param id such as `hub/iris/agent`
 * @throws MusterError where there is none
 */
export function moveHomeOf(id: string, items: Items): Home {
  const agent = agentOf(id);
  const item = Object.values(items).find(
    (one): one is DirectoryItem => one.kind === "directory" && ownsContent(one),
  );
  if (agent !== undefined && item !== undefined) return { agent, path: item.path, user: item.want.owner };
  throw new MusterError({
    what: `${id} cannot move`,
    why: "it has no home of its own: under `isolation: tenant` one is named as its tenant has its tenant's.",
    next: "Give it another name with `moved`, then move it.",
  });
}

/** Whose rights are used on it. @throws MusterError where there is no such user */
export function homeOwner(host: Host, { user }: Home): Account {
  return accountOf(readAccounts(host.paths.etc), user);
}

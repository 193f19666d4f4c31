import { statSync } from "node:fs";
import { posix } from "node:path";
import { MusterError } from "../../base/errors.ts";
import type { ProgramItem } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import type { Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** A program that must exist on the host. Muster does not install it. */
export const program: Kind<ProgramItem> = {
  observe: (context, targets) =>
    targets.map(({ item }) => orUnknown(() => ({ props: { found: isFound(context, item) } }))),
  converge: (context, { item }) => {
    if (!isFound(context, item)) throw missing(item);
  },
  remove: () => [],
};

/** Whether the agent finds a program, as execvp(3) does: a name with a `/` is a path, others are in PATH. */
function isFound({ accounts }: RequestContext, { name, search, workdir, actor }: ProgramItem): boolean {
  const folders = name.includes("/") ? [""] : search.split(":");
  return asUser(accounts.users.get(actor), () =>
    folders.some((folder) => isProgram(posix.resolve(workdir, folder, name))),
  );
}

function isProgram(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isFile() && (stats.mode & 0o111) !== 0;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) return false;
    throw error;
  }
}

function missing({ name, search, workdir, actor }: ProgramItem): MusterError {
  const where = name.includes("/")
    ? `at ${posix.resolve(workdir, name)}`
    : `in any folder of its PATH, ${search}`;
  return new MusterError({
    what: `${name} cannot be started`,
    why: `${actor} finds no such program ${where}.`,
    next: "Install it on the host, or correct `command`, `runtime` or `env.PATH` of the agent.",
  });
}

import { MusterError } from "../../base/errors.ts";
import { type GateKind, type GateName, scopeFile } from "../../model/gate-account.ts";
import type { Host } from "../context.ts";
import type { Table } from "../serve.ts";
import { readOwn } from "../store/state-files.ts";
import { reasonOf } from "../system/error-reason.ts";

/**
 * Returns the request handlers for a session through one kind of gate. Each handler checks its request first, because a
 * client can send data that does not match the request's type. A request without a handler is refused.
 *
 * @param scope the scope that the platform's `up` wrote; only root can change it
 * @param account the Linux account of the session; each gate has its own account
 */
export type Authorizer<Scope> = (scope: Scope, account: string) => Table;

/**
 * Reads the scope of a gate from the host's own file, never from a client's request.
 *
 * @throws MusterError if the gate was removed, or its file cannot be read
 */
export function readScope(host: Host, gate: GateName): unknown {
  try {
    return JSON.parse(readOwn(scopeFile(gate, `${host.paths.state}/gates`))?.toString("utf8") ?? "");
  } catch (error) {
    const next = "Run `npx pulumi up` for the platform's stack.";
    throw new MusterError({
      what: `the gate ${gate.kind} ${gate.name} is closed`,
      why: reasonOf(error),
      next,
    });
  }
}

/**
 * Parses the name of a gate from the command line. An invalid name is refused here, before it can become part
 * of a path.
 *
 * @returns undefined if the name or the kind is invalid
 */
export function gateName(kinds: readonly string[], kind = "", name = ""): GateName | undefined {
  const isGate = kinds.includes(kind) && /^[a-z][a-z0-9-]*$/.test(name);
  return isGate ? { kind: kind as GateKind, name } : undefined;
}

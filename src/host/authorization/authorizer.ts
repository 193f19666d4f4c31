import { MusterError } from "../../base/errors.ts";
import { type GateKind, type GateName, scopeFile } from "../../model/gate-account.ts";
import type { Host } from "../context.ts";
import type { Table } from "../serve.ts";
import { readOwn } from "../store/files.ts";
import { reasonOf } from "../system/error-reason.ts";

/**
 * What a gate of one kind lets through: the answers to the requests of a session, each after it was checked. What a
 * gate does not name is refused. A request is what a client made up: nothing of it has the form that its type says.
 *
 * @param scope as the platform's `up` wrote it; root alone can change it
 * @param account the Linux account that came in, which is another for each gate
 */
export type Authorizer<Scope> = (scope: Scope, account: string) => Table;

/**
 * The scope of a gate, from the host's own file and never from what a client says.
 *
 * @throws MusterError where the gate was taken away, or its file cannot be read
 */
export function readScope(host: Host, gate: GateName): unknown {
  try {
    return JSON.parse(readOwn(scopeFile(gate, `${host.paths.state}/gates`))?.toString("utf8") ?? "");
  } catch (error) {
    const next = "Run `npx pulumi up` of the platform's stack.";
    throw new MusterError({ what: `the gate ${gate.kind} ${gate.name} is shut`, why: reasonOf(error), next });
  }
}

/** A gate's name as the command line has it; anything else is no name, and no path. */
export function gateName(kinds: readonly string[], kind = "", name = ""): GateName | undefined {
  const isGate = kinds.includes(kind) && /^[a-z][a-z0-9-]*$/.test(name);
  return isGate ? { kind: kind as GateKind, name } : undefined;
}

import { type GateKind, type GateName, gateAccount } from "../../model/gate-account.ts";
import type { Host } from "../context.ts";
import type { Table } from "../serve.ts";
import { type Authorizer, gateName, readScope } from "./authorizer.ts";
import { readAuthorizer } from "./read.ts";
import { tenantAuthorizer } from "./tenant.ts";

/** Every kind of gate. A new kind needs a file in this folder and an entry here. */
const GATES = { tenant: tenantAuthorizer, read: readAuthorizer } satisfies Partial<Record<GateKind, unknown>>;

/** Parses the command-line arguments after `gate` into a gate's name; undefined if they are invalid. */
export function findAuthorizer([kind, name, ...others]: readonly string[]): GateName | undefined {
  return others.length === 0 ? gateName(Object.keys(GATES), kind, name) : undefined;
}

/** Returns the request handlers for a session through a gate. @throws MusterError if the gate is closed */
export function tableOf(host: Host, gate: GateName): Table {
  // The compiler cannot infer that the scope of this gate has the type that the authorizer expects.
  const open = (GATES as Partial<Record<GateKind, unknown>>)[gate.kind] as Authorizer<unknown>;
  return open(readScope(host, gate), gateAccount(gate));
}

import { type GateKind, type GateName, gateAccount } from "../../model/gate-account.ts";
import type { Host } from "../context.ts";
import type { Table } from "../serve.ts";
import { type Authorizer, gateName, readScope } from "./authorizer.ts";
import { readAuthorizer } from "./read.ts";
import { tenantAuthorizer } from "./tenant.ts";

/** Every kind of gate. A new one is a file beside these and a line here. */
const GATES = { tenant: tenantAuthorizer, read: readAuthorizer } satisfies Partial<Record<GateKind, unknown>>;

/** The gate that the words after `gate` name; undefined where there is no such kind. */
export function findAuthorizer([kind, name, ...others]: readonly string[]): GateName | undefined {
  return others.length === 0 ? gateName(Object.keys(GATES), kind, name) : undefined;
}

/** What a session through a gate answers. @throws MusterError where the gate is shut */
export function tableOf(host: Host, gate: GateName): Table {
  // Each kind reads the scope that the platform wrote for it, which the index cannot tell the compiler.
  const open = (GATES as Partial<Record<GateKind, unknown>>)[gate.kind] as Authorizer<unknown>;
  return open(readScope(host, gate), gateAccount(gate));
}

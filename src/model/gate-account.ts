import { GATES_DIR } from "./host-paths.ts";

/** The kind decides what a gate allows: `src/host/authorization/KIND.ts`. */
export type GateKind = "tenant" | "read";

/**
 * A login on a host that serves one scope and nothing else: a system account whose key starts `gate KIND NAME` of the
 * host runtime, which reads the scope from a root-owned file that the platform's `up` wrote.
 */
export interface GateName {
  readonly kind: GateKind;
  readonly name: string;
}

/** The longest name of a gate whose account is still a valid Linux user name. */
export const GATE_NAME_MAX = 18;

/** The Linux account that the gate's key logs in to. */
export const gateAccount = ({ kind, name }: GateName): string => `muster-${kind}-${name}`;

/** The account's home. Root owns it, so the account can change nothing in it. */
export const gateFolder = ({ kind, name }: GateName, dir: string = GATES_DIR): string =>
  `${dir}/${kind}-${name}`;

/** The gate's scope as JSON; only root can read it. */
export const scopeFile = (gate: GateName, dir?: string): string => `${gateFolder(gate, dir)}/scope.json`;

import { GATES_DIR } from "./host-paths.ts";

/** What a gate lets through is decided by its kind: `src/host/authorization/KIND.ts`. */
export type GateKind = "tenant" | "read";

/**
 * A way into a host that serves one scope and nothing else: a system account whose key starts the host runtime's
 * `gate KIND NAME`, which reads the scope from a root-owned file that the platform's `up` wrote.
 */
export interface GateName {
  readonly kind: GateKind;
  readonly name: string;
}

/** The longest name of a gate whose account is still a Linux user name. */
export const GATE_NAME_MAX = 18;

/** The Linux account that logs in by the gate's key. */
export const gateAccount = ({ kind, name }: GateName): string => `muster-${kind}-${name}`;

/** The account's home; root-owned, so that nothing in it is the account's to change. */
export const gateFolder = ({ kind, name }: GateName, dir: string = GATES_DIR): string =>
  `${dir}/${kind}-${name}`;

/** The gate's scope as JSON, for root alone. */
export const scopeFile = (gate: GateName, dir?: string): string => `${gateFolder(gate, dir)}/scope.json`;

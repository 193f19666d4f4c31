import { GATES_DIR } from "./host-paths.ts";

/** The kind of a gate, which decides what the gate allows; see `src/host/authorization/KIND.ts`. */
export type GateKind = "tenant" | "read";

/**
 * Names a gate: a login on a host that gives limited access. The login is a system account. Its SSH key can
 * only run the host runtime's command `gate KIND NAME`. The command reads the gate's scope, which says what
 * the gate allows, from a root-owned file. The platform's `up` has written this file.
 */
export interface GateName {
  readonly kind: GateKind;
  readonly name: string;
}

/**
 * The maximum length of a gate's name. The name is part of a Linux user name, which has at most 32
 * characters.
 */
export const GATE_NAME_MAX = 18;

/** Returns the name of the Linux account that the gate's key logs in to. */
export const gateAccount = ({ kind, name }: GateName): string => `muster-${kind}-${name}`;

/** Whether a Linux account belongs to a gate. */
export function isGateAccount(account: string): boolean {
  return /^muster-(tenant|read)-/.test(account);
}

/**
 * Returns the home of the gate's account. Root owns this folder, so that the
 * account cannot change anything in it.
 */
export const gateFolder = ({ kind, name }: GateName, dir: string = GATES_DIR): string =>
  `${dir}/${kind}-${name}`;

/** Returns the path of the gate's scope, a JSON file that only root can read. */
export const scopeFile = (gate: GateName, dir?: string): string => `${gateFolder(gate, dir)}/scope.json`;

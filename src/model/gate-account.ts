import { GATES_DIR, RUNTIME_DIR } from "./host-paths.ts";

/** The kind of a gate, which determines the requests that the gate allows; see `src/host/authorization/KIND.ts`. */
export type GateKind = "tenant" | "read";

/**
 * The name of a gate. A gate is a login on a host with limited access: a system account whose SSH key can run only the
 * host runtime's command `gate KIND NAME`. The command reads the gate's scope from a root-owned file, which the
 * platform's `up` has written. The scope says what the gate allows.
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

/** Returns the name of the Linux account to which the gate's key logs in. */
export const gateAccount = ({ kind, name }: GateName): string => `muster-${kind}-${name}`;

/** The account to which other hosts log in to hand tasks off. Its only command is `inbox HOST TENANT`. */
export const INBOX_ACCOUNT = "muster-inbox";

/** The home of the inbox's account. Root owns this folder. */
export const INBOX_FOLDER = `${GATES_DIR}/inbox`;

/** Returns the command that a sender's key starts on the host of the inbox. */
export function inboxCommand(sender: { readonly host: string; readonly tenant: string }): string {
  return `sudo -n ${inboxRootCommand(sender)}`;
}

/** Returns the command that the inbox's account can run as root for a sender. */
export function inboxRootCommand({
  host,
  tenant,
}: {
  readonly host: string;
  readonly tenant: string;
}): string {
  return `${RUNTIME_DIR}/run inbox ${host} ${tenant}`;
}

/** Whether a Linux account belongs to a gate or to the inbox. */
export function isGateAccount(account: string): boolean {
  return account === INBOX_ACCOUNT || /^muster-(tenant|read)-/.test(account);
}

/**
 * Returns the home of the gate's account. Root owns this folder, so that the
 * account cannot change anything in it.
 */
export const gateFolder = ({ kind, name }: GateName, dir: string = GATES_DIR): string =>
  `${dir}/${kind}-${name}`;

/** Returns the path of the gate's scope, a JSON file that only root can read. */
export const scopeFile = (gate: GateName, dir?: string): string => `${gateFolder(gate, dir)}/scope.json`;

import { type GateName, gateAccount, gateFolder, scopeFile } from "../model/gate-account.ts";
import { RUNTIME_DIR, SUDOERS_DIR } from "../model/host-paths.ts";
import type { Items } from "../model/items.ts";
import type { Compiler } from "./definition.ts";
import { rootFile, rootFolder } from "./root-files.ts";

/** A gate, the keys that can use it, and the requests that it allows. */
export interface GateAccount extends GateName {
  /** Public keys, such as `ssh-ed25519 AAAA… name@laptop`. */
  readonly keys: readonly string[];
  /** The requests that the gate allows. The host runtime reads the scope as JSON. */
  readonly scope: object;
}

/**
 * Returns the items of a gate, for a resource of the platform's stack. Root owns all these items, so the account cannot
 * change its keys or its scope. A key can run only one fixed command, and this is the only command that the account can
 * run as root.
 */
export function gateItems(gate: GateAccount, compiler: Compiler): Items {
  const account = gateAccount(gate);
  const home = gateFolder(gate);
  const { kind, name, keys } = gate;
  const command = `${RUNTIME_DIR}/run gate ${kind} ${name}`;
  const lines = keys.map((key) => `restrict,command="sudo -n ${command}" ${key}\n`).join("");
  const rule = `${account} ALL=(root:root) NOPASSWD: ${command}\n`;
  const scope = `${JSON.stringify(gate.scope, null, 2)}\n`;
  const file = (path: string, text: string, mode: string) => rootFile(path, compiler.keep(text), mode);
  return {
    "gate group": { kind: "group", name: account, want: { present: true } },
    "gate account": {
      kind: "user",
      name: account,
      system: true,
      want: { present: true, group: account, home, shell: "/bin/sh" },
    },
    "gate folder": rootFolder(home, "root", "0755"),
    "gate key folder": rootFolder(`${home}/.ssh`, "root", "0755"),
    // sshd reads this file as the account. The account must therefore be able to read the file, although root owns the
    // file.
    "gate keys": file(`${home}/.ssh/authorized_keys`, lines, "0644"),
    "gate scope": file(scopeFile(gate), scope, "0600"),
    "gate rights": file(`${SUDOERS_DIR}/${account}`, rule, "0440"),
  };
}

import type { HostBase } from "../config/host-spec.ts";
import type { Keys } from "../config/problem.ts";
import type { Context } from "../config/resolve/context.ts";
import type { RawHost } from "../config/yaml-types.ts";
import type { HostTarget, InventoryFile, InventoryHost } from "../inventory/inventory-host.ts";

/**
 * Everything about a kind of host that all programs need. The folder of a kind with a `machine` also contains
 * two modules: `program.ts` declares the machines in the Pulumi program, and `provider.ts` handles their
 * resources in the provider. Both are imported by the name of the kind.
 */
export interface HostKind<Spec extends HostBase = HostBase> {
  /** Whether hosts of this kind are protected by default. */
  readonly isProtected: boolean;
  /** Builds the spec of a host from its entry in fleet.yaml. @returns undefined if it reported a problem */
  resolve(raw: RawHost, common: HostCommon, keys: Keys, context: Context): Spec | undefined;
  readonly inventory: InventoryFile;
  /** Adapts the inventory entry of a renamed host. Left out if the entry does not depend on the name. */
  renamed?(host: InventoryHost, from: string): InventoryHost;
  /** Returns how to reach a host. @throws HostError if this is unknown until the first `up` */
  target(spec: Spec, known: InventoryHost | undefined): HostTarget;
  /**
   * Checks that a host is running, so that nobody has to wait for a timeout. Left out if Muster must
   * connect to find out.
   *
   * @throws HostError if the host is stopped
   */
  checkRunning?(project: string, host: string, known: InventoryHost | undefined): void;
  /** The machine that a run creates for each host. Left out if Muster does not create hosts of this kind. */
  readonly machine?: MachineOfKind;
  /** What the launcher does if the project has hosts of this kind. Left out if it does nothing. */
  readonly launch?: LaunchOfKind<Spec>;
  /** What hosts of this kind need on the operator's machine. Left out if they need nothing. */
  readonly onThisMachine?: OnThisMachine;
}

/** The settings of a host that do not depend on its kind. */
export type HostCommon = Omit<HostBase, "kind" | "observe">;

/** The machines that a run creates for hosts of one kind. */
export interface MachineOfKind {
  /** The type of our provider's resource that represents a machine, such as `LocalHost`. */
  readonly type: string;
  /** The type tokens of the resources that make up a machine. `drift --cloud` reports their changes. */
  readonly tokens: readonly string[];
  /** Whether every difference is drift, because the provider compares the inputs with the actual machine. */
  readonly isAlwaysDrift: boolean;
  /** Describes what is lost when a run deletes a machine, such as "this local host with its disk". */
  removalText(inputs: Readonly<Record<string, unknown>>): string;
}

/** The configuration of a stack, from which a kind reads its access to a vendor's API. */
export interface StackConfig {
  /** The values in the stack's configuration file. Secrets are encrypted. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Returns a value, decrypted. @returns undefined if the value is empty */
  secret(name: string): Promise<string | undefined>;
}

/** What the launcher (`npx pulumi`) does for a kind before it starts the engine. */
export interface LaunchOfKind<Spec extends HostBase = HostBase> {
  /** Environment variables for the engine. A variable that is already set keeps its value. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the absolute paths of the private keys that the vendor's plugins need in an ssh-agent. */
  privateKeys(hosts: readonly Spec[]): string[];
  /** Checks that the vendor's API can be used. @throws MusterError if it cannot */
  check(config: StackConfig): Promise<void>;
}

/** Prepares the operator's machine for hosts of a kind, and removes what belongs to them. */
export interface OnThisMachine {
  /** The plural name of these hosts in messages, such as "local hosts". */
  readonly what: string;
  /** Returns a sentence for each missing program, with the command that installs it. */
  missing(): string[];
  /** Whether `prepare` can run as root without asking for a password. */
  mayActAsRoot(): Promise<boolean>;
  /** Creates the files that all hosts of this kind share. */
  prepare(project: string, progress: (line: string) => void): Promise<void>;
  hasDisk(project: string, host: string): Promise<boolean>;
  removeDisk(project: string, host: string): Promise<void>;
  /** Removes what `prepare` created. */
  clean(project: string): Promise<void>;
}

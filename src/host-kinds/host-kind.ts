import type { HostBase } from "../config/host-spec.ts";
import type { Keys } from "../config/problem.ts";
import type { Context } from "../config/resolve/context.ts";
import type { RawHost } from "../config/yaml-types.ts";
import type { HostTarget, InventoryFile, InventoryHost } from "../inventory/inventory-host.ts";

/**
 * Everything about a kind of host that all programs need. A kind with a `machine` also has two modules in its
 * folder: `program.ts` declares the machine in the Pulumi program, and `provider.ts` handles its resource in
 * the provider. Both programs import these modules by the name of the kind.
 */
export interface HostKind<Spec extends HostBase = HostBase> {
  /** Whether hosts of this kind are protected by default. */
  readonly isProtected: boolean;
  /** Builds the spec of a host from its entry in fleet.yaml. @returns undefined if it reported a problem */
  resolve(raw: RawHost, common: HostCommon, keys: Keys, context: Context): Spec | undefined;
  readonly inventory: InventoryFile;
  /** Adapts a host's inventory entry to its new name. Without this function, the entry is kept as it is. */
  renamed?(host: InventoryHost, from: string): InventoryHost;
  /** Returns how a host is reached. @throws HostError if that is not known before the first `up` */
  target(spec: Spec, known: InventoryHost | undefined): HostTarget;
  /** Checks that a host runs, so that nobody has to wait for a timeout. @throws HostError if it is stopped */
  checkRunning?(project: string, host: string, known: InventoryHost | undefined): void;
  /** The machine that a run creates for each host. Left out if hosts of this kind already exist. */
  readonly machine?: MachineOfKind;
  /** The launcher's steps for this kind. They are skipped if the project has no hosts of this kind. */
  readonly launch?: LaunchOfKind<Spec>;
  /** What hosts of this kind need on the operator's machine. */
  readonly onThisMachine?: OnThisMachine;
}

/** The settings of a host that are resolved in the same way for every kind. */
export type HostCommon = Omit<HostBase, "kind" | "observe">;

/** The machines that a run creates for hosts of one kind. */
export interface MachineOfKind {
  /** The type of the provider's resource that represents the machine, such as `LocalHost`. */
  readonly type: string;
  /** The type tokens of all resources that are a machine or part of one. `drift --cloud` reports these. */
  readonly tokens: readonly string[];
  /** Whether every difference is drift, because the provider compares the inputs with the actual machine. */
  readonly isAlwaysDrift: boolean;
  /** Describes what a run deletes with the machine, such as "this local host with its disk". */
  removalText(inputs: Readonly<Record<string, unknown>>): string;
}

/** The configuration of a stack, from which a kind reads its access to a vendor's API. */
export interface StackConfig {
  /** The values from the stack's file. Secrets are encrypted. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Decrypts a value. @returns undefined if the value is empty */
  secret(name: string): Promise<string | undefined>;
}

/** What the launcher (`npx pulumi`) does for a kind before it starts the engine. */
export interface LaunchOfKind<Spec extends HostBase = HostBase> {
  /** Environment variables for the engine. A variable that is already set keeps its value. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the absolute paths of the private keys that the vendor's plugins need in an ssh-agent. */
  privateKeys(hosts: readonly Spec[]): string[];
  /** Checks that the vendor's API can be used. @throws MusterError with the reason if not */
  check(config: StackConfig): Promise<void>;
}

/** What hosts of a kind need on the operator's machine, and how it is removed. */
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
  /** Removes what `prepare` has created. */
  clean(project: string): Promise<void>;
}

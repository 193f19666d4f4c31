import type { HostBase } from "../config/host-spec.ts";
import type { Keys } from "../config/problem.ts";
import type { Context } from "../config/resolve/context.ts";
import type { RawHost } from "../config/yaml-types.ts";
import type { HostTarget, InventoryFile, InventoryHost } from "../inventory/inventory-host.ts";

/**
 * One kind of host: everything that differs from kind to kind. Only what every program needs is here. A kind with a
 * `machine` also has `program.ts` (makes the machine, for the Pulumi program) and `provider.ts` (its resource, for
 * the provider) in its folder; those two programs load them by the name of the kind.
 */
export interface HostKind<Spec extends HostBase = HostBase> {
  /** Whether a host is protected where fleet.yaml does not say so. */
  readonly isProtected: boolean;
  /** Builds the spec of a host from what fleet.yaml says; undefined after a problem was reported. */
  resolve(raw: RawHost, common: HostCommon, keys: Keys, context: Context): Spec | undefined;
  readonly inventory: InventoryFile;
  /** What the inventory keeps of a host that gets another name; the same as before where this is left out. */
  renamed?(host: InventoryHost, from: string): InventoryHost;
  /** Finds how a host is reached. @throws HostError where it was never met */
  target(spec: Spec, known: InventoryHost | undefined): HostTarget;
  /** Refuses a host that cannot answer, which a connection would find out only after its timeout. @throws HostError */
  checkRunning?(project: string, host: string, known: InventoryHost | undefined): void;
  /** What makes the machine of a host; left out where a host is there already. */
  readonly machine?: MachineOfKind;
  /** What `npx pulumi` does where a project has hosts of this kind. */
  readonly launch?: LaunchOfKind<Spec>;
  /** What hosts of this kind have on the operator's machine. */
  readonly onThisMachine?: OnThisMachine;
}

/** What is resolved the same way for every kind. */
export type HostCommon = Omit<HostBase, "kind" | "observe">;

/** The machines that a run makes for a kind. */
export interface MachineOfKind {
  /** The type of the provider's resource that stands for the machine, such as `LocalHost`. */
  readonly type: string;
  /** The tokens of all resources that are a machine or a part of one: `drift --cloud` reports these. */
  readonly tokens: readonly string[];
  /** Whether every difference is drift, because the provider compares with what it reads from the machine. */
  readonly isAlwaysDrift: boolean;
  /** What a run deletes with the machine, such as "this local host with its disk". */
  removalText(inputs: Readonly<Record<string, unknown>>): string;
}

/** The configuration of a stack, for an API that a run needs. */
export interface StackConfig {
  /** As the stack's file has it; secrets are encrypted. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Decrypts a value. @returns undefined where it is empty */
  secret(name: string): Promise<string | undefined>;
}

/** The part of the launcher that a kind has. */
export interface LaunchOfKind<Spec extends HostBase = HostBase> {
  /** Variables for the engine, set where they are unset. */
  readonly env: Readonly<Record<string, string>>;
  /** The private keys that the plugins of the vendor need from an ssh-agent, absolute. */
  privateKeys(hosts: readonly Spec[]): string[];
  /** Checks that a run can do its work. @throws MusterError with the reason */
  check(config: StackConfig): Promise<void>;
}

/** What hosts of a kind need and leave on the operator's machine. */
export interface OnThisMachine {
  /** For a person: "local hosts". */
  readonly what: string;
  /** What this machine lacks, each a sentence with the command that installs it. */
  missing(): string[];
  /** Whether `prepare` can act as root without a question. */
  mayActAsRoot(): Promise<boolean>;
  /** Makes what all hosts share. */
  prepare(project: string, progress: (line: string) => void): Promise<void>;
  hasDisk(project: string, host: string): Promise<boolean>;
  removeDisk(project: string, host: string): Promise<void>;
  /** Removes what `prepare` made. */
  clean(project: string): Promise<void>;
}

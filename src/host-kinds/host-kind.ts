import type { RawHost } from "../config/fleet-yaml-types.ts";
import type { HostBase } from "../config/host-spec.ts";
import type { Keys } from "../config/problem.ts";
import type { Context } from "../config/resolve/context.ts";
import type { HostTarget, InventoryFile, InventoryHost } from "../inventory/inventory-host.ts";
import type { RecordedId } from "../model/recorded-id.ts";

/**
 * Everything about a host kind that all programs need. The folder of a kind with a `machine` also contains
 * two modules. `program.ts` declares the machines in the Pulumi program, and `provider.ts` handles their
 * resources in the provider. Both modules are imported by a path that contains the name of the kind.
 */
export interface HostKind<Spec extends HostBase = HostBase> {
  /** Whether hosts of this kind are protected by default. */
  readonly isProtected: boolean;
  /** Builds the spec of a host from its entry in fleet.yaml. @returns undefined if a problem was reported */
  resolve(raw: RawHost, common: HostCommon, keys: Keys, context: Context): Spec | undefined;
  readonly inventory: InventoryFile;
  /** Adapts the inventory entry of a renamed host. Absent if the entry does not depend on the name of the host. */
  renamed?(host: InventoryHost, from: string): InventoryHost;
  /** Returns the address and the login of a host. @throws HostError if the address is unknown until the first `up` */
  target(spec: Spec, known: InventoryHost | undefined): HostTarget;
  /**
   * Checks that a host is running, so that nobody has to wait for a timeout. Absent if only a connection can show
   * whether the host is running.
   *
   * @throws HostError if the host is stopped
   */
  checkRunning?(project: string, host: string, known: InventoryHost | undefined): void;
  /**
   * Returns the region and the network that the host shares with other hosts, which fail together. Absent if nothing is
   * known.
   */
  sharedWith?(spec: Spec): SharedFate;
  /** The machine that a run creates for each host. Absent if Muster does not create hosts of this kind. */
  readonly machine?: MachineOfKind;
  /** The steps that the launcher performs if the project has hosts of this kind. Absent if there are no such steps. */
  readonly launch?: LaunchOfKind<Spec>;
  /** The programs and files that hosts of this kind need on the operator's machine. Absent if nothing is needed. */
  readonly onThisMachine?: OnThisMachine;
}

/** The infrastructure on which several hosts depend. */
export interface SharedFate {
  /** The vendor's region, such as `digitalocean nyc3`. */
  readonly region?: string;
  /** The network, such as `192.0.2.0/24`. */
  readonly network?: string;
}

/** The settings of a host that do not depend on its kind. */
export type HostCommon = Omit<HostBase, "kind" | "observe">;

/** The machines that a run creates for hosts of one kind. */
export interface MachineOfKind {
  /** The type of the Muster resource that represents a machine, such as `LocalHost`. */
  readonly type: string;
  /**
   * The type tokens of the resources that make up a machine. `drift --cloud` reports changes of these
   * resources.
   */
  readonly tokens: readonly string[];
  /** Whether every difference is drift. True if the provider compares the inputs with the actual machine. */
  readonly isAlwaysDrift: boolean;
  /**
   * Returns a phrase for the data that is lost when a run deletes a machine, such as "this local host with its disk".
   * Absent if the machine continues to exist. In this case, everything on the machine is removed separately.
   */
  removalText?(inputs: Readonly<Record<string, unknown>>): string;
}

/** The configuration of a stack, from which a host kind reads the URL and the token for a vendor's API. */
export interface StackConfig {
  /** The values in the stack's configuration file. Secrets are encrypted. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Returns the decrypted value. @returns undefined if the value is empty */
  secret(name: string): Promise<string | undefined>;
}

/** The steps that the launcher (`npx pulumi`) performs for a host kind before it starts the engine. */
export interface LaunchOfKind<Spec extends HostBase = HostBase> {
  /** Environment variables for the engine. A variable that is already set keeps its value. */
  readonly env: Readonly<Record<string, string>>;
  /** Additional variables for `up`, which creates machines. A variable that is already set keeps its value. */
  readonly createEnv: Readonly<Record<string, string>>;
  /** Returns additional variables for a refresh of this number of resources before an `up`. */
  readEnv(resources: number): Readonly<Record<string, string>>;
  /** The prefix of the type tokens of the vendor's resources, such as `digitalocean:`. */
  readonly tokens: string;
  /** Returns the absolute paths of the private keys that must be in an ssh-agent for the vendor's plugins. */
  privateKeys(hosts: readonly Spec[]): string[];
  /** Checks that the vendor's API can be used. @throws MusterError if the API cannot be used */
  check(config: StackConfig): Promise<void>;
  /**
   * Describes resources at the vendor that cost money and have the mark of a stack, but are not in the stack's state.
   * `destroy` does not delete such resources.
   *
   * @param stack.dir the folder of Pulumi.yaml
   * @param stack.owner `<project>/<stack>`
   * @param stack.recorded the vendors' resources in the state
   * @throws MusterError if the vendor's API cannot be queried
   */
  leftBehind(config: StackConfig, stack: RecordedStack): Promise<string[]>;
}

export interface RecordedStack {
  readonly dir: string;
  readonly owner: string;
  readonly recorded: readonly RecordedId[];
}

/** Prepares the operator's machine for hosts of a kind, and removes the files of these hosts. */
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
  /** Removes the files that `prepare` created. */
  clean(project: string): Promise<void>;
}

/**
 * The types that people see when they use `Fleet` in their own Pulumi programs. scripts/build.ts writes this file as a
 * declaration file, so it must not import anything from Muster.
 */
import type { Input } from "@pulumi/pulumi";

/** The arguments of `Fleet`. */
export interface FleetArgs {
  /**
   * The path of fleet.yaml, relative to the folder of Pulumi.yaml. It must be the fleet.yaml in this folder, because
   * Muster's provider and `fleet` also read this file. Default: `fleet.yaml`.
   */
  readonly file?: string;
  /** The machines of the hosts with `kind: pulumi`, by the name of the host in fleet.yaml. */
  readonly hosts?: Readonly<Record<string, FleetMachine>>;
}

/** A machine that any Pulumi provider creates. All values can be outputs of its resource. */
export interface FleetMachine {
  /** The IP address or the host name at which SSH reaches the machine. It must not be a secret. */
  readonly address: Input<string>;
  /** The login: root, or a user that can run `sudo -n`. Default: the user in your ssh_config. */
  readonly user?: Input<string>;
  /** The port of the SSH server. Default: the port in your ssh_config. */
  readonly port?: Input<number>;
  /**
   * The public host keys of the machine, such as `ssh-ed25519 AAAA…`. Default: the first `up` trusts the keys that the
   * machine presents, and pins them.
   */
  readonly keys?: Input<readonly Input<string>[]>;
  /**
   * A value that changes if, and only if, the machine is replaced with another machine, such as the ID of a server.
   * After a change, Muster pins new host keys and installs everything again. Default: the address.
   */
  readonly machine?: Input<string>;
}

/** A host in the outputs. */
export interface HostOutput {
  /** The kind of the host in fleet.yaml. */
  readonly kind: string;
  /** The address at which Muster reaches the host; absent until the host exists. */
  readonly address?: string;
}

/** An agent in the outputs. */
export interface AgentOutput {
  readonly host: string;
  readonly tenant: string;
  /** The systemd unit that runs the agent. */
  readonly unit: string;
  readonly runtime: string;
}

/**
 * The package's own module: `import { Fleet } from "muster-fleet"`. scripts/build.ts also writes a declaration file for
 * this file. The exports therefore only use types of Pulumi and of public-types.ts.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ComponentResourceOptions, Output } from "@pulumi/pulumi";
import { ComponentResource } from "@pulumi/pulumi/resource.js";
import { parse } from "yaml";
import { InvalidError, MusterError } from "../base/errors.ts";
import { stackSettings } from "../model/stack-settings.ts";
import { type Deployed, deployFleet, type PreparedFleet, prepareFleet } from "./deploy-fleet.ts";
import { endWithEngine } from "./end-with-engine.ts";
import { engineArguments } from "./engine-process.ts";
import { type EngineRun, missingSettings, type ProjectFile, requirePlugin } from "./engine-settings.ts";
import { componentParent, FLEET_TYPE } from "./muster-resource.ts";
import type { AgentOutput, FleetArgs, FleetMachine, HostOutput } from "./public-types.ts";
import { Config, log, output, RunError } from "./pulumi-sdk.ts";

export type { AgentOutput, FleetArgs, FleetMachine, HostOutput } from "./public-types.ts";

/**
 * The fleet of fleet.yaml as a component in the user's own Pulumi program. Registers the same resources as Muster's own
 * program. Other resources of the program create the machines of hosts with `kind: pulumi`.
 */
class FleetComponent extends ComponentResource {
  /** The hosts of this stack, by name. */
  readonly hosts: Output<Readonly<Record<string, HostOutput>>>;
  /** The agents of this stack, by name. */
  readonly agents: Output<Readonly<Record<string, AgentOutput>>>;

  /** @throws RunError if fleet.yaml, an argument or a setting of the stack is invalid */
  constructor(name: string, args: FleetArgs = {}, options: ComponentResourceOptions = {}) {
    const { prepared, run } = withRunErrors(() => prepare(args));
    super(FLEET_TYPE, name, {}, options);
    const machines = args.hosts ?? {};
    for (const sentence of missingSettings(run, Object.keys(machines).length > 0)) {
      void log.warn(sentence, this);
    }
    if (run.args !== undefined) endWithEngine();
    const deployed = deploy(this, prepared, machines);
    this.hosts = output(deployed.then(({ hosts }) => hosts));
    this.agents = output(deployed.then(({ agents }) => agents));
    this.registerOutputs({ hosts: this.hosts, agents: this.agents });
  }
}

// The class has another name here, because `Fleet` is the type of a checked fleet.yaml in Muster's own sources.
export { FleetComponent as Fleet };

/**
 * Whether this stack has the hosts of the fleet. False in a tenant's stack. Such a stack must not create machines, and
 * reads their addresses from the inventory.
 */
export function managesHosts(): boolean {
  const config = new Config("muster");
  const { slice } = withRunErrors(() => stackSettings((key) => config.get(key)));
  return slice.kind !== "tenant";
}

function prepare({ file = "fleet.yaml", hosts = {} }: FleetArgs): {
  readonly prepared: PreparedFleet;
  readonly run: EngineRun;
} {
  const prepared = prepareFleet();
  const { project, fleet } = prepared;
  refuseOtherFile(project, file);
  for (const name of Object.keys(hosts)) {
    const kind = fleet.hosts[name]?.kind;
    if (kind !== "pulumi") throw notDeclared(name, kind);
  }
  const run = { project, file: readProjectFile(project), env: process.env, args: engineArguments() };
  requirePlugin(run);
  return { prepared, run };
}

async function deploy(
  component: ComponentResource,
  prepared: PreparedFleet,
  machines: Readonly<Record<string, FleetMachine>>,
): Promise<Deployed> {
  try {
    return await deployFleet(prepared, { component: await componentParent(component), machines });
  } catch (error) {
    // An unhandled rejection ends the program with the message. A rejected output would add details of the SDK to the
    // message.
    void Promise.reject(asRunError(error));
    return { hosts: Promise.resolve({}), agents: Promise.resolve({}) };
  }
}

function readProjectFile(project: string): ProjectFile {
  return (parse(readFileSync(join(project, "Pulumi.yaml"), "utf8"), { merge: true }) as ProjectFile) ?? {};
}

function refuseOtherFile(project: string, file: string): void {
  const own = join(project, "fleet.yaml");
  if (resolve(project, file) === own) return;
  throw new InvalidError({
    where: file,
    what: "it cannot be the fleet of this project",
    why: `Muster's provider and \`fleet\` read ${own}.`,
    next: "Move the file there, next to Pulumi.yaml.",
  });
}

function notDeclared(host: string, kind: string | undefined): InvalidError {
  return new InvalidError({
    where: host,
    what: "the program must not pass a machine for it",
    why:
      kind === undefined
        ? "fleet.yaml declares no host with this name."
        : `fleet.yaml declares it with \`kind: ${kind}\`.`,
    next: `Declare it with \`kind: pulumi\`, or remove it from the arguments of \`Fleet\`.`,
  });
}

/** Throws Muster's errors as errors that the SDK prints without a stack trace. */
function withRunErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asRunError(error);
  }
}

function asRunError(error: unknown): unknown {
  return error instanceof MusterError ? new RunError(error.message) : error;
}

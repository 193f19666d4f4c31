import type * as pulumi from "@pulumi/pulumi";
import type { CloudSpec } from "../../config/droplet-spec.ts";
import type { DropletHostSpec } from "../../config/fleet.ts";
import { type CloudAnswer, cloudName, projectDescription } from "../../model/droplet-preflight.ts";
import { FleetResource, failingAlone, outputOf, type Registered } from "../fleet-resource.ts";
import { askCloud } from "./ask.ts";
import { type DropletParts, makeDroplet } from "./droplet.ts";
import { connectionTo } from "./login.ts";
import type { AccountKey, Making } from "./making.ts";
import type * as Sdk from "./sdk.ts";
import { setupScript, WAIT_FOR_CLOUD_INIT } from "./setup.ts";

/** A droplet on which a host's own resources can stand. */
export interface DropletMachine {
  /** Gone with it, they need no delete of their own. */
  readonly standIn: pulumi.Resource;
  /** When it was met, and its setup is done. */
  readonly ended: Promise<pulumi.Resource>;
  /** The droplet's number: with another one, what is on the host is to be made anew. */
  readonly machine: pulumi.Output<string>;
}

/**
 * Declares the droplets of a stack with all that belongs to them, and the hosts that they become.
 *
 * @param owner `<project>/<stack>`
 * @param held hosts that keep their droplet whatever `replace` says
 */
export async function deployDroplets(
  owner: string,
  hosts: readonly DropletHostSpec[],
  cloud: CloudSpec,
  held: ReadonlySet<string>,
): Promise<Map<string, DropletMachine>> {
  const answer = await askCloud(owner, hosts, cloud, held);
  const sdk = await import("./sdk.ts");
  const making: Making = { sdk, owner, cloud, answer, keys: makeKeys(sdk, owner, cloud, answer) };
  const parts = hosts.map((spec) => ({ spec, droplet: makeDroplet(spec, making) }));
  const droplets = parts.map(({ droplet }) => droplet);
  if (cloud.project !== undefined) makeProject(sdk, owner, cloud.project, answer, droplets);
  return new Map(parts.map(({ spec, droplet }) => [spec.name, makeHost(sdk, spec, droplet, answer)]));
}

/** A key that somebody else put into the account is used, and left to them. */
function makeKeys(
  { SshKey }: typeof Sdk,
  owner: string,
  { keys }: CloudSpec,
  answer: CloudAnswer,
): AccountKey[] {
  return Object.entries(keys).map(([name, publicKey]) => {
    const there = answer.keys[name];
    if (there !== undefined && !there.isOurs) return { id: there.id };
    const inputs = { name: cloudName(owner, name), publicKey };
    const key = new SshKey(name, inputs, there && { import: there.id });
    const self = failingAlone(key, "digitalocean:index/sshKey:SshKey", name);
    return { id: outputOf(key.id, ""), self };
  });
}

function makeProject(
  { Project, ProjectResources }: typeof Sdk,
  owner: string,
  name: string,
  { project: there }: CloudAnswer,
  droplets: readonly DropletParts[],
): void {
  const inputs = { name, description: projectDescription(owner), purpose: "AI agents" };
  const isOurs = there === undefined || there.isOurs;
  const made = isOurs ? new Project(name, inputs, there && { import: there.id }) : undefined;
  const self = made && failingAlone(made, "digitalocean:index/project:Project", name);
  const project = made ? outputOf(made.id, "") : (there?.id ?? "");
  const resources = droplets.flatMap(({ urns }) => urns);
  const needs = [...(self ? [self] : []), ...droplets.flatMap((one) => one.needs)];
  const held = new ProjectResources(
    name,
    { project, resources },
    { dependsOn: needs.map(({ ended }) => ended) },
  );
  failingAlone(held, "digitalocean:index/projectResources:ProjectResources", name);
}

/** Meets the droplet, and does there what is done once, one step after the other. */
function makeHost(
  { Command }: typeof Sdk,
  spec: DropletHostSpec,
  { id, address, needs }: DropletParts,
  answer: CloudAnswer,
): DropletMachine {
  const { name, formerly, protect, user, droplet } = spec;
  const { replace, isAdopted } = answer.droplets[name] ?? {};
  const host = new FleetResource(
    "DropletHost",
    name,
    {
      ...{ host: name, machine: id, address, hostKey: undefined },
      ...(replace !== undefined && { replace }),
      ...(protect && { protect }),
    },
    {
      protect,
      aliases: formerly.map((former) => ({ name: former })),
      dependsOn: needs.map(({ ended }) => ended),
    },
  );
  const machine = host.value("machine");
  const firstBoot = { step: "cloud-init", script: WAIT_FOR_CLOUD_INIT, triggers: [] as readonly string[] };
  const steps = [
    // The first boot of what was there before Muster is long over.
    ...(isAdopted ? [] : [firstBoot]),
    ...droplet.setup.map((one) => ({
      step: `setup/${one.name}`,
      script: setupScript(one),
      triggers: one.triggers,
    })),
  ];
  let last: Registered = host;
  for (const { step, script, triggers } of steps) {
    const called = `${name}/${step}`;
    const command = new Command(
      called,
      {
        connection: connectionTo(spec, host),
        create: user === "root" ? "exec /bin/sh -s" : "exec sudo -n /bin/sh -s",
        stdin: script,
        triggers: [machine, ...triggers],
        addPreviousOutputInEnv: false,
      },
      {
        aliases: formerly.map((former) => ({ name: `${former}/${step}` })),
        dependsOn: [host.ended, last.ended],
        deletedWith: host.standIn,
      },
    );
    last = failingAlone(command, "command:remote:Command", called);
  }
  return { standIn: host.standIn, ended: last.ended, machine };
}

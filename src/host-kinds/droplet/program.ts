import type { Fleet } from "../../config/fleet.ts";
import type { HostKindProgramModule, HostMachine } from "../../program/host-machines.ts";
import { FleetResource, isolateFailure, outputOf, type Registered } from "../../program/muster-resource.ts";
import { getProject, getStack } from "../../program/pulumi-sdk.ts";
import { type CloudAnswer, cloudName, projectDescription } from "./preflight-protocol.ts";
import { NO_ID } from "./resources/attached-resources.ts";
import { type DropletParts, makeDroplet } from "./resources/droplet.ts";
import type { AccountKey, DropletContext } from "./resources/droplet-context.ts";
import { queryAccount } from "./resources/query-account.ts";
import { connectionTo } from "./resources/remote-command-connection.ts";
import { setupScript, WAIT_FOR_CLOUD_INIT } from "./resources/run-once-script.ts";
import type * as Sdk from "./resources/sdk.ts";
import type { CloudSpec, DropletHostSpec } from "./spec.ts";

/** Declares the droplets of a stack, their attached resources, and a DropletHost for each droplet. */
export const makeMachines: HostKindProgramModule<DropletHostSpec>["makeMachines"] = async (
  declared,
  fleet,
) => {
  const { cloud } = fleet;
  if (cloud === undefined) return new Map();
  const owner = `${getProject()}/${getStack()}`;
  const hosts = declared.map((spec) => withServicePorts(spec, fleet));
  const protectedAgents = Object.values(fleet.agents).filter(({ protect }) => protect);
  const answer = await queryAccount(owner, hosts, cloud, new Set(protectedAgents.map(({ host }) => host)));
  const sdk = await import("./resources/sdk.ts");
  const context: DropletContext = { sdk, owner, cloud, answer, keys: makeKeys(sdk, owner, cloud, answer) };
  const parts = hosts.map((spec) => ({ spec, droplet: makeDroplet(spec, context) }));
  const droplets = parts.map(({ droplet }) => droplet);
  if (cloud.project !== undefined) makeProject(sdk, owner, cloud.project, answer, droplets);
  return new Map(parts.map(({ spec, droplet }) => [spec.name, makeHost(sdk, spec, droplet, answer)]));
};

/** Adds the ports of a host's services to the ports that the host's firewall opens. */
function withServicePorts(spec: DropletHostSpec, { services }: Fleet): DropletHostSpec {
  const forServices = Object.values(services).flatMap(({ host, open }) => (host === spec.name ? open : []));
  return { ...spec, droplet: { ...spec.droplet, open: [...spec.droplet.open, ...forServices] } };
}

/** Declares the public keys. If this stack did not add a key to the account, the key is used but never changed. */
function makeKeys(
  { SshKey }: typeof Sdk,
  owner: string,
  { keys }: CloudSpec,
  answer: CloudAnswer,
): AccountKey[] {
  return Object.entries(keys).map(([name, publicKey]) => {
    const existing = answer.keys[name];
    if (existing !== undefined && !existing.isOurs) return { id: existing.id };
    const inputs = { name: cloudName(owner, name), publicKey };
    const key = new SshKey(name, inputs, existing && { import: existing.id });
    const self = isolateFailure(key, "digitalocean:index/sshKey:SshKey", name);
    return { id: outputOf(key.id, NO_ID), self };
  });
}

function makeProject(
  { Project, ProjectResources }: typeof Sdk,
  owner: string,
  name: string,
  { project: existing }: CloudAnswer,
  droplets: readonly DropletParts[],
): void {
  const inputs = { name, description: projectDescription(owner), purpose: "AI agents" };
  const isOurs = existing === undefined || existing.isOurs;
  const made = isOurs ? new Project(name, inputs, existing && { import: existing.id }) : undefined;
  const self = made && isolateFailure(made, "digitalocean:index/project:Project", name);
  const project = made ? outputOf(made.id, NO_ID) : (existing?.id ?? NO_ID);
  const resources = droplets.flatMap(({ urns }) => urns);
  const needs = [...(self ? [self] : []), ...droplets.flatMap((one) => one.needs)];
  const held = new ProjectResources(
    name,
    { project, resources },
    { dependsOn: needs.map(({ ended }) => ended) },
  );
  isolateFailure(held, "digitalocean:index/projectResources:ProjectResources", name);
}

/** Declares the DropletHost and a command for each setup step. The steps run one after another. */
function makeHost(
  { Command }: typeof Sdk,
  spec: DropletHostSpec,
  { id, address, needs }: DropletParts,
  answer: CloudAnswer,
): HostMachine {
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
    // An adopted droplet has finished its first boot already.
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
    last = isolateFailure(command, "command:remote:Command", called);
  }
  return { standIn: host.standIn, ended: last.ended, machine };
}

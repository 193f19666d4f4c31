import { count } from "../../base/count.ts";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import type { HostKindName } from "../../config/host-spec.ts";
import { type HostInState, hostInState, stderrProgress } from "../../engine/index.ts";
import type { OnThisMachine } from "../../host-kinds/host-kind.ts";
import { HOST_KIND_NAMES, HOST_KINDS, hostKindOf } from "../../host-kinds/registry.ts";
import { forgetReached, lastReached, lastReachedText } from "../../inventory/last-seen.ts";
import { readHosts } from "../../inventory/read-inventory.ts";
import { forgetHost } from "../../inventory/write-inventory.ts";
import type { CommandDefinition } from "../command.ts";
import { confirm } from "../confirm.ts";
import { forgetAgent } from "../forget/agent.ts";
import { refuseReachable } from "../forget/refuse-reachable.ts";
import { openFleet } from "../open-fleet.ts";

export const command: CommandDefinition = {
  usage: "forget <host>",
  summary: "remove a lost host from the state and the inventory; changes nothing on the host",
  options: {
    "--agent <name>": "forget only this agent on the host; fleet.yaml must declare the agent on another host",
    "--stack <name>": "use this stack instead of the selected one",
    "--yes": "do not ask for confirmation",
  },
  async run({ args: [host = ""], options, io }) {
    const fleet = openFleet();
    if (typeof options["agent"] === "string") return forgetAgent(fleet, host, options["agent"], options, io);
    refuseDeclared(fleet, host);
    const traces = await tracesOf(fleet, host, options["stack"]);
    if (traces.inventories.length > 0) await refuseReachable(fleet, host, REMOVES);
    const parts = partsOf(traces).join("; ");
    io.err(`Forgetting ${host} (${lastReachedText(lastReached(fleet.dir, host))}) removes ${parts}.\n`);
    for (const { name } of traces.state.resources) io.err(`  ${name}\n`);
    if (options["yes"] !== true && !(await confirm(`Forget ${host}?`))) {
      io.out("Nothing was done.\n");
      return [];
    }
    const backup = await forget(fleet, host, traces);
    io.out(`${host} is forgotten: removed ${parts}.\n`);
    if (backup !== undefined) io.out(`The previous state is kept in ${backup}.\n`);
    if (traces.disk === undefined) io.out(unchangedHostNote(host));
    return [];
  },
};

const REMOVES = "Run `npx pulumi up`, which removes from the host what fleet.yaml no longer declares.";

/** The places where a host is still recorded. */
interface Traces {
  readonly state: HostInState;
  readonly inventories: readonly HostKindName[];
  /** Removes the host's disk from this machine; undefined if the disk is not on this machine. */
  readonly disk: OnThisMachine | undefined;
}

/** @throws InvalidError if the host is recorded nowhere */
async function tracesOf(fleet: Fleet, host: string, stack: unknown): Promise<Traces> {
  const named = typeof stack === "string" ? stack : undefined;
  const state = await hostInState(fleet.dir, named, { host }, stderrProgress());
  const inventories = HOST_KIND_NAMES.filter((kind) => readHosts(fleet.dir, kind).has(host));
  const disk = await diskOf(fleet, host);
  if (state.resources.length > 0 || inventories.length > 0 || disk !== undefined)
    return { state, inventories, disk };
  throw new InvalidError({
    what: `there is no host "${host}"`,
    why: `neither the state of stack ${state.stack} nor the inventory contains it.`,
    next: "To use another stack, add `--stack NAME`.",
  });
}

async function diskOf(fleet: Fleet, host: string): Promise<OnThisMachine | undefined> {
  for (const kind of HOST_KIND_NAMES) {
    const { onThisMachine } = hostKindOf({ kind });
    if (await onThisMachine?.hasDisk(fleet.dir, host)) return onThisMachine;
  }
  return undefined;
}

function partsOf({ state: { stack, resources }, inventories, disk }: Traces): string[] {
  return [
    ...(resources.length > 0 ? [`${count(resources.length, "resource")} of stack ${stack}`] : []),
    ...inventories.map((kind) => `its entry in ${HOST_KINDS[kind].inventory.path}`),
    ...(disk !== undefined ? ["its disk on this machine, with everything on it"] : []),
  ];
}

/** @returns the file with the previous state; undefined if the state has not changed */
async function forget(fleet: Fleet, host: string, traces: Traces): Promise<string | undefined> {
  const backup = traces.state.resources.length > 0 ? await traces.state.drop() : undefined;
  await traces.disk?.removeDisk(fleet.dir, host);
  for (const kind of traces.inventories) forgetHost(fleet.dir, kind, host);
  forgetReached(fleet.dir, host);
  return backup;
}

function unchangedHostNote(host: string): string {
  return (
    `Nothing was changed on the host itself: if it comes back, its agents still run there, with their secrets.\n` +
    `To manage ${host} again, declare it in fleet.yaml and run \`npx pulumi up\`, which adopts what is there.\n`
  );
}

function refuseDeclared(fleet: Fleet, host: string): void {
  if (!Object.hasOwn(fleet.hosts, host)) return;
  throw new InvalidError({
    what: `${host} was not forgotten`,
    why: "fleet.yaml still declares it.",
    next: "Remove the host and its agents from fleet.yaml, or give the agents another host; then run this command again.",
  });
}

import { execa } from "execa";
import { count } from "../../base/count.ts";
import type { Check } from "../../base/doctor-check.ts";
import { projectDir } from "../../base/muster-folders.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import type { Fleet } from "../../config/fleet.ts";
import { engineChecks } from "../../engine/index.ts";
import { HOST_KIND_NAMES, hostKindOf } from "../../host-kinds/registry.ts";
import { WHOLE_FLEET } from "../../model/stack-settings.ts";
import { withHosts } from "../connections.ts";
import { fleetFile } from "../open-fleet.ts";
import { queryHost } from "../query-host.ts";

/**
 * Checks this machine and the project. Changes nothing.
 *
 * @param connect whether to contact every host as well
 */
export async function checkMachine(connect: boolean): Promise<Check[]> {
  const { check, fleet } = fleetCheck();
  return [
    ...(await engineChecks()),
    await sshCheck(),
    ...machineChecks(fleet),
    check,
    ...(connect && fleet !== undefined ? await hostChecks(fleet) : []),
  ];
}

function fleetCheck(): { check: Check; fleet?: Fleet } {
  const name = "fleet.yaml";
  if (projectDir() === undefined) {
    return {
      check: { name, ok: "warn", detail: "there is none here or in a folder above", fix: "npx fleet init" },
    };
  }
  const { fleet, problems } = checkFleet(fleetFile());
  if (fleet !== undefined) return { check: { name, ok: true, detail: "valid" }, fleet };
  const detail = `it has ${count(problems.length, "error")}`;
  return { check: { name, ok: false, detail, fix: "npx fleet validate" } };
}

/** Checks that this machine has the programs that the kinds of hosts in the fleet need. */
function machineChecks(fleet: Fleet | undefined): Check[] {
  const hosts = Object.values(fleet?.hosts ?? {});
  return HOST_KIND_NAMES.flatMap((name): Check[] => {
    const { onThisMachine } = hostKindOf({ kind: name });
    if (onThisMachine === undefined || !hosts.some(({ kind }) => kind === name)) return [];
    const missing = onThisMachine.missing();
    const check = { name: onThisMachine.what };
    if (missing.length === 0) return [{ ...check, ok: true, detail: "this machine can boot them" }];
    return missing.map((detail) => ({ ...check, ok: false, detail }));
  });
}

/** Checks that the OpenSSH client is installed. */
async function sshCheck(): Promise<Check> {
  const name = "ssh";
  const { failed, stderr } = await execa("ssh", ["-V"], { reject: false, stdin: "ignore" });
  if (!failed) return { name, ok: true, detail: stderr.trim() };
  return {
    name,
    ok: false,
    detail: "the ssh client cannot be run",
    fix: "sudo apt-get install openssh-client",
  };
}

/** Connects to all hosts at the same time, and checks whether each host answers. */
function hostChecks(fleet: Fleet): Promise<Check[]> {
  return withHosts(fleet, WHOLE_FLEET, (open) =>
    Promise.all(
      Object.keys(fleet.hosts).map(async (name) => {
        const { host, answer } = await queryHost(fleet, name, open, async (reader) => reader.hello);
        const check = `host ${name}`;
        if (answer !== undefined) return { name: check, ok: true, detail: `answers, Node ${answer.node}` };
        const ok = host.state === "empty" || host.intermittent ? ("warn" as const) : false;
        return { name: check, ok, detail: host.reason ?? host.state };
      }),
    ),
  );
}

import { count } from "../../base/count.ts";
import type { Check } from "../../base/doctor-check.ts";
import { projectDir } from "../../base/paths.ts";
import { planMissing } from "../../cloud/local/index.ts";
import { checkFleet } from "../../config/check-fleet.ts";
import type { Fleet } from "../../config/fleet.ts";
import { engineChecks } from "../../engine/index.ts";
import { fleetFile } from "../open-fleet.ts";
import { hostChecks } from "./hosts.ts";
import { sshCheck } from "./ssh.ts";

/**
 * Looks at this machine and the project, and changes nothing.
 *
 * @param connect whether every host is contacted as well
 */
export async function checkMachine(connect: boolean): Promise<Check[]> {
  const { check, fleet } = fleetCheck();
  return [
    ...(await engineChecks()),
    await sshCheck(),
    ...localChecks(fleet),
    check,
    ...(connect && fleet !== undefined ? await hostChecks(fleet) : []),
  ];
}

function fleetCheck(): { check: Check; fleet?: Fleet } {
  const name = "fleet.yaml";
  if (projectDir() === undefined) {
    return { check: { name, ok: "warn", detail: "there is none here or above", fix: "npx fleet init" } };
  }
  const { fleet, problems } = checkFleet(fleetFile());
  if (fleet !== undefined) return { check: { name, ok: true, detail: "valid" }, fleet };
  const detail = `${count(problems.length, "error")} in it`;
  return { check: { name, ok: false, detail, fix: "npx fleet validate" } };
}

/** A fleet without local hosts needs nothing for them. */
function localChecks(fleet: Fleet | undefined): Check[] {
  const needed = Object.values(fleet?.hosts ?? {}).some((host) => host.kind === "local");
  if (!needed) return [];
  const name = "local hosts";
  const missing = planMissing();
  if (missing.length === 0) return [{ name, ok: true, detail: "this machine can boot them" }];
  return missing.map((detail) => ({ name, ok: false, detail }));
}

import { join } from "node:path";
import type { CredentialSpec, ServiceSpec } from "../config/fleet.ts";
import { quarantineFile } from "../model/host-paths.ts";
import { environmentLines, renderUnit, type UnitLine } from "../model/unit-file.ts";
import { credentialsDir } from "./agent/credentials.ts";

/**
 * What Muster adds to a service's unit, by a drop-in that is its own: that it does not start in quarantine, and where it
 * finds its credentials. Empty where that is nothing.
 */
export function serviceSettings(service: ServiceSpec, credentials: readonly CredentialSpec[]): string {
  const condition = ["ConditionPathExists", `!${quarantineFile(service.unit)}`] as const;
  const folder = credentialsDir(service);
  const files = credentials
    .filter(({ env }) => env !== undefined)
    .map(({ name }): UnitLine => ["EnvironmentFile", join(folder, name)]);
  const sections = {
    ...(service.health !== undefined && { Unit: [condition] }),
    ...(credentials.length > 0 && {
      Service: [...environmentLines({ MUSTER_CREDENTIALS: folder }), ...files],
    }),
  };
  return renderUnit(sections);
}

import { statSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import { installationName, versionOfInstallation } from "../../model/installation.ts";
import type { InstallationItem, Observation } from "../../model/items.ts";
import type { Host } from "../context.ts";
import { changedFiles, installedDigest } from "../installations/installed-files.ts";
import { listFolder } from "../system/read-if-present.ts";
import type { Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * A pinned version of a runtime. This kind only observes the version. The client installs the version before it
 * converges the resource, and `sweepInstallations` removes versions that nothing needs any more.
 */
export const installation: Kind<InstallationItem> = {
  observe: ({ host }, targets) => targets.map(({ item }) => orUnknown(() => observe(host, item))),
  converge: (_, { item }) => {
    throw new MusterError({
      what: `${item.name} ${item.want.version} is not installed`,
      why: "another run has changed or removed it meanwhile.",
      next: "Run `npx pulumi up` again, which installs it.",
    });
  },
  remove: () => [],
};

/** The maximum number of changed files in a message. */
const MOST_NAMED = 3;

function observe({ paths }: Host, { name, want }: InstallationItem): Observation {
  const parent = `${paths.installations}/${name}`;
  const folder = `${parent}/${installationName(want.version, want.integrity)}`;
  // Integrity is not compared if the version is missing.
  if (installedDigest(folder) !== want.integrity) return { props: { ...want, version: lastVersion(parent) } };
  const changed = changedFiles(folder);
  if (changed.length === 0) return { props: want };
  const more = changed.length > MOST_NAMED ? ` and ${changed.length - MOST_NAMED} more` : "";
  return { props: { ...want, integrity: `changed: ${changed.slice(0, MOST_NAMED).join(", ")}${more}` } };
}

/** Returns the version that was in use last; `absent` if no version is installed. */
function lastVersion(parent: string): string {
  const complete = listFolder(parent).filter((name) => installedDigest(`${parent}/${name}`) !== undefined);
  const [last] = complete.sort(
    (a, b) => statSync(`${parent}/${b}`).mtimeMs - statSync(`${parent}/${a}`).mtimeMs,
  );
  return last === undefined ? "absent" : versionOfInstallation(last);
}

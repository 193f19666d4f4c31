import type { RawCloud } from "../../config/fleet-yaml-types.ts";
import type { Context } from "../../config/resolve/context.ts";
import { asMap, namesIn } from "../../config/yaml-values.ts";
import { withoutComment } from "../remote-login.ts";
import type { CloudSpec } from "./spec.ts";

/**
 * Returns the `cloud` section of fleet.yaml. Returns an empty object if the section is missing or invalid.
 */
export function cloudWritten({ source, report }: Context): Partial<RawCloud> {
  const written = asMap(asMap(source.value)["cloud"]);
  const isSound = ["keys", "sshFrom", ...Object.keys(written)].every((key) => report.isSound("cloud", key));
  return isSound ? (written as Partial<RawCloud>) : {};
}

/** Builds the settings that all droplets share. @returns undefined if `cloud` is missing or invalid */
export function resolveCloud(context: Context): CloudSpec | undefined {
  const { keys, sshFrom, project } = cloudWritten(context);
  if (keys === undefined || sshFrom === undefined) return undefined;
  const names = namesIn(keys).map((name) => [name, withoutComment(keys[name] ?? "")]);
  return {
    keys: Object.fromEntries(names),
    sshFrom,
    ...(project !== undefined && { project }),
  };
}

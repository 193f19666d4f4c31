import type { Context } from "../../config/resolve/context.ts";
import type { RawCloud } from "../../config/yaml-types.ts";
import { asMap, namesIn } from "../../config/yaml-values.ts";
import { withoutComment } from "../remote-login.ts";
import type { CloudSpec } from "./spec.ts";

/** The section `cloud` as written; empty where there is none, or none that the schema accepts. */
export function cloudWritten({ source, report }: Context): Partial<RawCloud> {
  const written = asMap(asMap(source.value)["cloud"]);
  const isSound = ["keys", "sshFrom", ...Object.keys(written)].every((key) => report.isSound("cloud", key));
  return isSound ? (written as Partial<RawCloud>) : {};
}

/** Builds what droplets have in common; undefined where nothing is declared. */
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

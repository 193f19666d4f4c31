import type { CloudSpec } from "../droplet-spec.ts";
import type { RawCloud } from "../yaml-types.ts";
import { asMap, namesIn } from "../yaml-values.ts";
import type { Context } from "./context.ts";

/** The section `cloud` as written; empty where there is none, or none that the schema accepts. */
export function cloudWritten({ source, report }: Context): Partial<RawCloud> {
  const written = asMap(asMap(source.value)["cloud"]);
  const isSound = ["keys", "sshFrom", ...Object.keys(written)].every((key) => report.isSound("cloud", key));
  return isSound ? (written as Partial<RawCloud>) : {};
}

/** What droplets have in common; undefined where nothing is declared. */
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

/** A public key as two words: its comment is no part of it. */
export function withoutComment(key: string): string {
  return key.split(" ").slice(0, 2).join(" ");
}

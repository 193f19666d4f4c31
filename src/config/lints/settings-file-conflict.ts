import { compareKeys, parseKeys } from "../../settings/merge.ts";
import { pathText } from "../../settings/printable-values.ts";
import { formatOf } from "../../settings/registry.ts";
import type { AgentSpec, IdentityFile } from "../fleet.ts";
import type { Lint, Remark } from "./lint.ts";

/**
 * Refuses an identity file at the path of the settings file that Muster writes for the agent's runtime, unless both
 * files can be merged.
 */
export const settingsFileConflict: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap((agent) => {
    return Object.entries(agent.settings.files).flatMap(([path, text]) => {
      const file = fleet.identities[agent.identity]?.files[path];
      return file === undefined ? [] : remarksOn(agent, path, file, text);
    });
  });

function remarksOn(agent: AgentSpec, path: string, file: IdentityFile, settings: string): Remark[] {
  const keys = ["identities", agent.identity, "files", path];
  const other = `agents.${agent.name}`;
  if (file.write !== "merge") {
    const sentence = `is also the file to which Muster writes the provider and the model of ${other}: add \`write: merge\`, or remove one of the two`;
    return [{ keys, sentence }];
  }
  return contradictions(path, file.text, settings).map((key) => ({
    keys,
    sentence: `sets ${key}, which the provider and the model of ${other} set to another value: remove the key here`,
  }));
}

/** Returns the keys that have different values in the identity file and in Muster's settings. */
function contradictions(path: string, declared: string, settings: string): string[] {
  const format = formatOf(path);
  if (format === undefined) return [];
  return compareKeys(parseKeys(format, settings), parseKeys(format, declared), []).flatMap(
    ({ path, found }) => (found === undefined ? [] : [pathText(path)]),
  );
}

import type { Contents, HostItem, Items, Observations } from "../../../model/items.ts";
import { subjectOf } from "../../../model/resource-id.ts";

/**
 * Finds links in an agent's home that lead to folders outside the home. Returns one sentence for each such folder if
 * the sandbox of the agent's unit does not let the agent write to the folder. The permissions of the user do not
 * override the sandbox.
 *
 * @param contents the texts of the declared files, including the text of the unit
 */
export function linkNotices(
  host: string,
  id: string,
  items: Items,
  observed: Observations,
  contents: Contents,
): string[] {
  const isConfined = Object.values(items).some((item) => isStrictUnit(item, contents));
  if (!isConfined) return [];
  const { name } = subjectOf(id);
  const sentences = Object.entries(observed).flatMap(([item, observation]) => {
    const declared = items[item];
    if ("unknown" in observation || observation.leads === undefined) return [];
    if (declared === undefined || !("path" in declared)) return [];
    return [
      `${host}: ${name}: a link leads from ${declared.path} to ${observation.leads}, where the sandbox of its unit does not let it write. To allow this, declare \`allow: [writes]\` for ${name}.`,
    ];
  });
  return [...new Set(sentences)];
}

function isStrictUnit(item: HostItem, contents: Contents): boolean {
  if (item.kind !== "file" || !item.path.endsWith(".service")) return false;
  const text = (contents as Readonly<Record<string, string>>)[item.want.content];
  return text?.includes("\nProtectSystem=strict\n") === true;
}

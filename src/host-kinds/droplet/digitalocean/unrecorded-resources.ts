import { hasTag, stackTag } from "../preflight-protocol.ts";
import type { DigitalOceanAccount } from "./account.ts";
import { type RecordedIds, TOKENS } from "./recorded-ids.ts";

/**
 * Describes the droplets and volumes that have the mark of a stack but are not in its state. Either a killed run has
 * created these resources, or somebody has removed them from the state. They are reported, because no run would delete
 * them.
 *
 * @param used the IDs that this run adopts or that the inventory records
 */
export function unrecordedResources(
  owner: string,
  { droplets, volumes }: Pick<DigitalOceanAccount, "droplets" | "volumes">,
  ids: RecordedIds,
  used: ReadonlySet<string>,
): string[] {
  const isUnknown = (token: string, id: string) =>
    !used.has(id) && !ids.all(token).some((one) => one.id === id);
  const tag = stackTag(owner);
  return [
    ...droplets
      .filter(({ id, tags }) => hasTag(tags, tag) && isUnknown(TOKENS.droplet, `${id}`))
      .map(({ id, name }) => `droplet ${id} (${name}), which has the tag ${tag}`),
    ...volumes
      .filter(({ id, name, description }) => {
        const isMarked = name.startsWith("muster-") && description?.endsWith(` of ${owner}`);
        return isMarked && isUnknown(TOKENS.volume, id);
      })
      .map(({ name }) => `the volume ${name}`),
  ];
}

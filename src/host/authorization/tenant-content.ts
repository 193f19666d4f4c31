import { basename, dirname } from "node:path";
import { parseIdentityDigest } from "../../model/conversation.ts";
import { identityDigestFile, policyFile, UNIT_DIR } from "../../model/host-paths.ts";
import type { HostItem } from "../../model/items.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { type ContentSource, wantedBytes } from "../store/contents.ts";
import { parsePolicy } from "../units/policies.ts";
import { isProviderFile } from "./tenant-items.ts";
import { jobRefusal } from "./tenant-job-unit.ts";
import { providerRefusal, unitRefusal } from "./tenant-unit.ts";

/** Returns the error in the bytes of an item, such as the text of a unit; undefined if the bytes are valid. */
export function bytesFlaw(
  scope: TenantScope,
  agent: ScopedAgent,
  item: HostItem,
  bytes: ContentSource,
): string | undefined {
  const digest = wantedBytes(item);
  if (digest === undefined) return undefined;
  const text = bytes(digest);
  if (text === undefined) return "its bytes were not sent";
  if (item.kind !== "file") return undefined;
  if (item.path === policyFile(agent.name))
    return parsePolicy(text) ? undefined : "its policy file is invalid";
  if (item.path === identityDigestFile(agent.name))
    return parseIdentityDigest(text) === undefined ? "its digest of the identity is invalid" : undefined;
  if (isProviderFile(agent, item.path)) return providerRefusal(agent, text);
  if (item.path === `${UNIT_DIR}/${agent.unit}`) return unitRefusal(scope, agent, text);
  // Every other file in the folder of units must be a unit of a job.
  return dirname(item.path) === UNIT_DIR ? jobRefusal(scope, agent, basename(item.path), text) : undefined;
}

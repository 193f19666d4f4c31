import { fromWire } from "../../../model/pulumi-items.ts";
import { subjectKey } from "../../../model/resource-id.ts";
import type { ProviderContext } from "../../context.ts";
import { type Removal, removalSentences } from "../../notices/removals.ts";
import { filesNaming } from "../../observed-users.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { wireItems } from "./inputs.ts";

/**
 * The resource types that print the announcement. Each agent, tenant and host has exactly one resource of these types.
 */
const ANNOUNCED_TYPES: ReadonlySet<string> = new Set(["Host", "Tenant", "Agent"]);

/**
 * Announces what a destroy removes from a host, as recorded on the host. If Muster created the machine, the machine's
 * resource makes the announcement instead.
 */
export async function announceDestroy(
  context: ProviderContext,
  call: HandlerCall,
  inputs: Properties,
): Promise<void> {
  const { name, type, owner } = call.urn;
  const host = `${inputs["host"]}`;
  if (!ANNOUNCED_TYPES.has(type) || context.hasMachine(host)) return;
  const observed = await context.observations.at(host, owner).catch(() => undefined);
  const recorded = Object.entries(observed?.resources ?? {}).filter(
    ([id]) => subjectKey(id) === subjectKey(name),
  );
  const items = [
    ...Object.values(wireItems(inputs)).map(fromWire),
    ...recorded.filter(([id]) => id !== name).flatMap(([, resource]) => Object.values(resource.items)),
  ];
  const found = observed?.resources[name]?.record?.found;
  const isProtected = inputs["protect"] === true;
  const facts = { ...(found && { found }), filesNaming: filesNaming(observed) };
  const removal: Removal = { name, host, items, isProtected, why: "", ...facts };
  for (const sentence of removalSentences([removal], "destroy")) await call.log("warning", sentence);
}

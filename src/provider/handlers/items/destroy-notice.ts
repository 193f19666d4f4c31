import { subjectKey } from "../../../model/resource-id.ts";
import { fromWire } from "../../../model/wire-items.ts";
import type { ProviderContext } from "../../context.ts";
import { type Removal, removalSentences } from "../../notices/removals.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { wireItems } from "./inputs.ts";

/** The types that every agent, tenant and host has once: theirs is the sentence about the whole. */
const SPEAKERS: ReadonlySet<string> = new Set(["Host", "Tenant", "Agent"]);

/** Tells what a destroy does away with on a host, as the host's records have it; of a local host and of a droplet its machine tells. */
export async function announceDestroy(
  services: ProviderContext,
  call: HandlerCall,
  inputs: Properties,
): Promise<void> {
  const { name, type, owner } = call.urn;
  const host = `${inputs["host"]}`;
  if (!SPEAKERS.has(type) || services.hasMachine(host)) return;
  const look = await services.looks.at(host, owner).catch(() => undefined);
  const recorded = Object.entries(look?.resources ?? {}).filter(
    ([id]) => subjectKey(id) === subjectKey(name),
  );
  const items = [
    ...Object.values(wireItems(inputs)).map(fromWire),
    ...recorded.filter(([id]) => id !== name).flatMap(([, seen]) => Object.values(seen.items)),
  ];
  const going: Removal = { name, host, items, isProtected: inputs["protect"] === true, why: "" };
  for (const sentence of removalSentences([going], "destroy")) await call.log("warning", sentence);
}

import type { ProviderContext } from "../../context.ts";
import { type Removal, removalSentences } from "../../notices/removals.ts";
import { filesNaming } from "../../observed-users.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { parseProperties } from "./inputs.ts";
import { orphansOf } from "./metadata-inputs.ts";

/**
 * Removes this stack's leftovers from the host, in the given order. A leftover is in neither fleet.yaml nor the state,
 * so its record on the host says what to remove.
 */
export async function removeOrphans(
  context: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<void> {
  const orphans = orphansOf(news);
  if (orphans.length === 0) return;
  const { host } = parseProperties(news);
  const { owner } = call.urn;
  const remover = await context.hosts.remover(host);
  try {
    for (const id of orphans) {
      const { aside, givenBack = [] } = await remover.remove({ op: "remove", id, owner, items: {} });
      for (const path of aside) await call.log("info", `${host}: agent data was moved aside to ${path}`);
      for (const sentence of givenBack) await call.log("info", `${host}: ${sentence}`);
    }
  } finally {
    context.observations.forget(host);
  }
}

const LEFT_OVER = " is left over, and is in neither fleet.yaml nor the state";

/** Announces the removal of a host's leftovers. The preflight has just read the records of the leftovers. */
export async function announceOrphans(
  { observations }: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<void> {
  const orphans = orphansOf(news);
  if (orphans.length === 0) return;
  const { host } = parseProperties(news);
  const answer = await observations.at(host, call.urn.owner);
  const removals = orphans.map((name): Removal => {
    const { items = {}, record } = answer.resources[name] ?? {};
    return {
      ...(record?.found && { found: record.found }),
      filesNaming: filesNaming(answer),
      name,
      host,
      items: Object.values(items),
      isProtected: false,
      why: LEFT_OVER,
    };
  });
  for (const sentence of removalSentences(removals, "up")) await call.log("warning", sentence);
}

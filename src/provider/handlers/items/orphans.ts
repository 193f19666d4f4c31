import type { ProviderContext } from "../../context.ts";
import { type Removal, removalSentences } from "../../notices/removals.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { orphansOf } from "./directives.ts";
import { parseProperties } from "./inputs.ts";

/**
 * Removes this stack's leftovers on the host, which neither fleet.yaml nor the state has: each by its own record, in
 * the given order.
 */
export async function removeOrphans(
  services: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<void> {
  const orphans = orphansOf(news);
  if (orphans.length === 0) return;
  const { host } = parseProperties(news);
  const { owner } = call.urn;
  const remover = await services.hosts.remover(host);
  try {
    for (const id of orphans) {
      const { aside } = await remover.remove({ op: "remove", id, owner, items: {} });
      for (const path of aside) await call.log("info", `${host}: moved aside, kept for you: ${path}`);
    }
  } finally {
    services.looks.forget(host);
  }
}

const LEFT_OVER = " is left over, and neither fleet.yaml nor the state knows it";

/** Announces what the removal of a host's leftovers removes, by their records, which the preflight has just read. */
export async function announceOrphans(
  { looks }: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<void> {
  const orphans = orphansOf(news);
  if (orphans.length === 0) return;
  const { host } = parseProperties(news);
  const { resources } = await looks.at(host, call.urn.owner);
  const going = orphans.map((name): Removal => {
    return {
      name,
      host,
      items: Object.values(resources[name]?.items ?? {}),
      isProtected: false,
      why: LEFT_OVER,
    };
  });
  for (const sentence of removalSentences(going, "up")) await call.log("warning", sentence);
}

import type { ProviderContext } from "../../context.ts";
import { type Removal, removalSentences } from "../../notices/removals.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { orphansOf } from "./directives.ts";
import { parseProperties } from "./inputs.ts";

/**
 * Removes what this stack left on the host that neither fleet.yaml nor the state knows any more: each by its own
 * record, in the order given.
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

/** Tells what goes with the orphans of a host, by their records: the program's roster looked at them just before. */
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

import type { ProviderContext } from "../../context.ts";
import type { Properties } from "../../wire/values.ts";
import type { Handler } from "../handler.ts";
import { check } from "./check-inputs.ts";
import { convergeItems, create } from "./converge-items.ts";
import { announceDestroy } from "./destroy-notice.ts";
import { diff } from "./diff-items.ts";
import { parseProperties } from "./inputs.ts";
import { announceOrphans, removeOrphans } from "./orphans.ts";
import { isRuntime, readItems } from "./read-items.ts";
import { deleteItems } from "./remove-items.ts";
import { announceWaiting, mergeNotices, restartNotices } from "./restart-notices.ts";

/** The handler of every type that is made of host items: only its items distinguish a type. */
export function itemHandler(services: ProviderContext): Handler {
  return {
    id: (inputs) => `${inputs["resource"]}`,
    check: async (call, news) => {
      await announceOrphans(services, call, news);
      return check(services, news);
    },
    diff: (_call, state, news) => diff(state, news),
    foresee: async (call, news, state) => {
      await announceWaiting(services, call, news);
      const sentences =
        state === undefined ? [] : [...mergeNotices(state, news), ...restartNotices(state, news)];
      for (const sentence of sentences) await call.log("info", sentence);
    },
    create: async (call, news) => {
      await removeOrphans(services, call, news);
      return create(services, call, news);
    },
    read: async (call, id, recorded) => {
      services.seen.note({ urn: call.urn, inputs: recorded.inputs });
      if (services.isDestroy) await announceDestroy(services, call, recorded.inputs);
      return readItems(services, call, id, recorded);
    },
    update: async (call, news, state) => {
      renameHost(services, news, state);
      await removeOrphans(services, call, news);
      return convergeItems(services, call, news);
    },
    delete: (call, state) => deleteItems(services, call, state),
  };
}

/** The host runtime comes first on a host, so that all others find the host under its current name. */
function renameHost({ hosts }: ProviderContext, news: Properties, state: Properties): void {
  const { host, items } = parseProperties(news);
  const former = state["host"];
  if (isRuntime(items) && typeof former === "string" && former !== host) hosts.rename(former, host);
}

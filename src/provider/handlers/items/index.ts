import type { ProviderContext } from "../../context.ts";
import type { Properties } from "../../wire/values.ts";
import type { Handler } from "../handler.ts";
import { check } from "./check-inputs.ts";
import { convergeItems, create } from "./converge-items.ts";
import { announceDestroy } from "./destroy-notice.ts";
import { diff } from "./diff-items.ts";
import { hostItems, parseProperties } from "./inputs.ts";
import { linkNotices } from "./link-notices.ts";
import {
  observeDeclared,
  oldLoginNotices,
  packageNotice,
  refusalNotices,
  withoutKnownLogins,
} from "./preview-notices.ts";
import { isRuntime, readItems } from "./read-items.ts";
import { deleteItems } from "./remove-items.ts";
import { announceOrphans, removeOrphans } from "./remove-orphans.ts";
import { announceWaiting, identityNotices, mergeNotices, restartNotices } from "./restart-notices.ts";

/**
 * Returns the handler for all resource types that consist of host items. The types differ only in their
 * items.
 */
export function itemHandler(context: ProviderContext): Handler {
  return {
    id: (inputs) => `${inputs["resource"]}`,
    check: async (call, news) => {
      await announceOrphans(context, call, news);
      return check(context, news);
    },
    diff: (_call, state, news) => diff(state, news),
    preview: async (call, news, state) => {
      await announceWaiting(context, call, news);
      const observed = await observeDeclared(context, call, news);
      const restarts = state === undefined ? [] : restartNotices(state, withoutKnownLogins(news, observed));
      const identities = state === undefined ? [] : identityNotices(state, news);
      const merges = state === undefined ? [] : mergeNotices(state, news);
      const logins = oldLoginNotices(state, news, observed);
      for (const sentence of [...merges, ...restarts, ...identities, ...logins])
        await call.log("info", sentence);
      const packages = packageNotice(news, observed);
      if (packages !== undefined) await call.log("info", packages);
      const { host, id, items: wire } = parseProperties(news);
      const items = hostItems(wire);
      const links = linkNotices(host, id, items, observed ?? {}, context.contents.held(items));
      for (const sentence of [...refusalNotices(news, observed, restarts.length > 0), ...links])
        await call.log("warning", sentence);
    },
    create: async (call, news) => {
      await removeOrphans(context, call, news);
      return create(context, call, news);
    },
    read: async (call, id, recorded) => {
      context.engineState.note({ urn: call.urn, inputs: recorded.inputs });
      if (context.isDestroy) await announceDestroy(context, call, recorded.inputs);
      return readItems(context, call, id, recorded);
    },
    update: async (call, news, state) => {
      renameHost(context, news, state);
      await removeOrphans(context, call, news);
      return convergeItems(context, call, news);
    },
    delete: (call, state) => deleteItems(context, call, state),
  };
}

/**
 * Renames the host when its runtime is updated. A host's runtime is updated first, so that all other
 * resources find the host under its current name.
 */
function renameHost({ hosts }: ProviderContext, news: Properties, state: Properties): void {
  const { host, items } = parseProperties(news);
  const former = state["host"];
  if (isRuntime(items) && typeof former === "string" && former !== host) hosts.rename(former, host);
}

import type { Services } from "../../services.ts";
import type { Properties } from "../../values.ts";
import type { Handler } from "../handler.ts";
import { check } from "./check.ts";
import { converge, create } from "./converge.ts";
import { tellDestroy } from "./destroy.ts";
import { diff } from "./diff.ts";
import { parseProperties } from "./inputs.ts";
import { removeOrphans, tellOrphans } from "./orphans.ts";
import { isRuntime, read } from "./read.ts";
import { remove } from "./remove.ts";
import { becomesOne, startsAgain } from "./starts-again.ts";
import { foresee } from "./waiting.ts";

/** The handler of every type that is made of host items: what a type is, its items alone tell. */
export function itemHandler(services: Services): Handler {
  return {
    id: (inputs) => `${inputs["resource"]}`,
    check: async (call, news) => {
      await tellOrphans(services, call, news);
      return check(services, news);
    },
    diff: (_call, state, news) => diff(state, news),
    foresee: async (call, news, state) => {
      await foresee(services, call, news);
      const sentences = state === undefined ? [] : [...becomesOne(state, news), ...startsAgain(state, news)];
      for (const sentence of sentences) await call.log("info", sentence);
    },
    create: async (call, news) => {
      await removeOrphans(services, call, news);
      return create(services, call, news);
    },
    read: async (call, id, recorded) => {
      services.seen.note({ urn: call.urn, inputs: recorded.inputs });
      if (services.isDestroy) await tellDestroy(services, call, recorded.inputs);
      return read(services, call, id, recorded);
    },
    update: async (call, news, state) => {
      renameHost(services, news, state);
      await removeOrphans(services, call, news);
      return converge(services, call, news);
    },
    delete: (call, state) => remove(services, call, state),
  };
}

/** The host runtime is the first on a host, so that all else finds the host under its name of today. */
function renameHost({ hosts }: Services, news: Properties, state: Properties): void {
  const { host, items } = parseProperties(news);
  const former = state["host"];
  if (isRuntime(items) && typeof former === "string" && former !== host) hosts.rename(former, host);
}

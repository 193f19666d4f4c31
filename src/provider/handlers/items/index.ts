import type { Services } from "../../services.ts";
import type { Handler } from "../handler.ts";
import { check } from "./check.ts";
import { converge, create } from "./converge.ts";
import { diff } from "./diff.ts";
import { read } from "./read.ts";
import { remove } from "./remove.ts";
import { foresee } from "./waiting.ts";

/** The handler of every type that is made of host items: what a type is, its items alone tell. */
export function itemHandler(services: Services): Handler {
  return {
    id: (inputs) => `${inputs["resource"]}`,
    check: (_call, news) => check(services, news),
    diff: (_call, state, news) => diff(state, news),
    foresee: (call, news) => foresee(services, call, news),
    create: (call, news) => create(services, call, news),
    read: (call, id, recorded) => read(services, call, id, recorded),
    update: (call, news) => converge(services, call, news),
    delete: (call, state) => remove(services, call, state),
  };
}

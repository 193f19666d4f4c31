import { runtimeOf } from "../../runtimes/registry.ts";
import type { Lint } from "./lint.ts";

/** Refuses a model in the form `vendor/model` for a runtime that accepts only the name of the model. */
export const vendorInModel: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap(({ name, runtime, model, failover }) => {
    const { bareModels } = runtimeOf(runtime);
    const models = [model, ...(failover?.choices ?? []).map((choice) => choice.model)];
    const wrong = models.find((one) => bareModels?.test(one.model ?? "") === false);
    if (wrong?.model === undefined) return [];
    const [, bare = ""] = /^[^/]+\/(.+)$/.exec(wrong.model) ?? [];
    return [
      {
        keys: ["agents", name, "runtime", "model"],
        sentence: `is "${wrong.model}", but ${runtime} takes the model's name without its vendor: write ${bare}`,
      },
    ];
  });

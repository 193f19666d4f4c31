import { randomBytes } from "node:crypto";
import type { Call, Diff, ResourceType } from "../serve/plugin.ts";
import { isUnknown, type Json, type Properties, textOf, UNKNOWN } from "../serve/values.ts";

/** What a command said; a newline at its end is taken off. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** @param state the inputs of this run, and what the run before said */
export type Runner = (command: string, state: Properties, call: Call) => Promise<Said>;

/**
 * A Command, local or remote: nothing is read of what it did, a change of `triggers` replaces it, and every other
 * change runs `update`, or `create` where there is none (pulumi-command, commandController.go).
 */
export function commandType(options: {
  readonly required: readonly string[];
  completed?(inputs: Properties): Properties;
  readonly run: Runner;
}): ResourceType {
  const { required, run, completed = (inputs) => inputs } = options;
  const perform = async (command: Json, state: Properties, call: Call): Promise<Properties> => {
    if (typeof command !== "string") return { stdout: "", stderr: "", ...state };
    return { ...state, ...(await run(command, state, call)) };
  };
  return {
    check: (inputs) => ({
      inputs: completed(inputs),
      failures: required
        .filter((property) => inputs[property] === undefined)
        .map((property) => ({ property, reason: `Missing required property '${property}'` })),
    }),
    diff,
    foreseen: (inputs) => ({ ...inputs, stdout: UNKNOWN, stderr: UNKNOWN }),
    create: async (inputs, call) => ({
      id: `${call.name}${randomBytes(4).toString("hex")}`,
      state: await perform(inputs["create"], inputs, call),
    }),
    read: async (id, inputs, state) => ({ id, inputs, state }),
    update: (_id, { stdout, stderr }, inputs, call) =>
      perform(inputs["update"] ?? inputs["create"], { ...inputs, stdout, stderr }, call),
    delete: async (_id, state, call) => {
      await perform(state["delete"], state, call);
    },
  };
}

const OUTPUTS = ["stdout", "stderr"];

function diff(state: Properties, inputs: Properties): Diff {
  const names = new Set(
    [...Object.keys(state), ...Object.keys(inputs)].filter((name) => !OUTPUTS.includes(name)),
  );
  const changed = [...names].filter(
    (name) => isUnknown(inputs[name]) || textOf(state[name] ?? null) !== textOf(inputs[name] ?? null),
  );
  const kindOf = (name: string) => {
    if (state[name] === undefined) return "add";
    return inputs[name] === undefined ? "delete" : "update";
  };
  const changes = changed.map(
    (name) => [name, { kind: kindOf(name), replace: name === "triggers" }] as const,
  );
  return { changes: Object.fromEntries(changes), deleteBeforeReplace: false };
}

/** What of its output is shown while it runs. */
export function isLogged(logging: Json, stream: "stdout" | "stderr"): boolean {
  return logging === undefined || logging === stream || logging === "stdoutAndStderr";
}

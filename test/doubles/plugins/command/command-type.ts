import { randomBytes } from "node:crypto";
import type { Call, Diff, ResourceType } from "../serve/plugin.ts";
import { isUnknown, type Json, type Properties, textOf, UNKNOWN } from "../serve/values.ts";

/** The output of a command, without the newline at its end. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** @param state the inputs of this run, and the output of the previous run */
export type Runner = (command: string, state: Properties, call: Call) => Promise<CommandOutput>;

/**
 * Returns the type of a local or remote Command. A refresh reads nothing, and a change of `triggers` replaces the
 * Command. Every other change runs `update`, or `create` if there is no `update` (pulumi-command,
 * commandController.go).
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

/** Returns whether a stream's output is shown during the run. */
export function isLogged(logging: Json, stream: "stdout" | "stderr"): boolean {
  return logging === undefined || logging === stream || logging === "stdoutAndStderr";
}

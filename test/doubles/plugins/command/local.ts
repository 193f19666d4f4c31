import type { Properties } from "../serve/values.ts";
import { commandType } from "./command-type.ts";
import { previousOutput, runShown } from "./run-program.ts";

/** `command:local:Command`, without support for assets and archives. */
export const localCommand = commandType({
  required: [],
  run: (command, state, call) => {
    const interpreter = (state["interpreter"] ?? ["/bin/sh", "-c"]) as [string, ...string[]];
    const env = { ...((state["environment"] ?? {}) as Properties), ...previousOutput(state) };
    const cwd = state["dir"] === undefined ? {} : { cwd: String(state["dir"]) };
    return runShown([...interpreter, command], command, state, call, {
      env: env as Record<string, string>,
      ...cwd,
    });
  },
});

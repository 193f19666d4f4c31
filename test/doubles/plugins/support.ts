import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type CallFailure, connectEngine, type Engine, type Json } from "../engine.ts";

/** A running stand-in. It is started by its name and used over the wire, as the engine does. */
export interface RunningPlugin {
  readonly engine: Engine;
  /** Checks and creates a resource, like the engine. */
  made(urn: string, inputs: Json): Promise<{ id: string; inputs: Json; state: Json }>;
  stop(): Promise<void>;
}

export async function startPlugin(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningPlugin> {
  const program = join(import.meta.dirname, "bin", `pulumi-resource-${name}`);
  const path = process.env["PATH"] ?? "";
  const plugin = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"], env: { PATH: path, ...env } });
  const [port] = (await once(plugin.stdout, "data")) as [Buffer];
  const engine = await connectEngine(Number(port.toString()));
  return {
    engine,
    made: async (urn, inputs) => {
      const checked = await engine.check(urn, inputs);
      if (checked.failures.length > 0) throw new Error(JSON.stringify(checked.failures));
      const { id, state } = await engine.create(urn, checked.inputs);
      return { id, inputs: checked.inputs, state };
    },
    stop: async () => {
      engine.close();
      // The plugin exits when its stdin is closed.
      plugin.stdin.end();
      if (plugin.exitCode === null) await once(plugin, "exit");
    },
  };
}

/** Returns the error of a failed call. */
export async function failureOf(work: Promise<unknown>): Promise<CallFailure> {
  const error = await work.then(
    () => undefined,
    (failure: CallFailure) => failure,
  );
  if (error === undefined) throw new Error("it did not fail");
  return error;
}

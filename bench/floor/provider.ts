/**
 * The provider's own server with handlers that answer from what the engine sends: no host, no file. It knows no type by
 * name and no input, so whatever the program declares has its floor.
 */
import { PREFLIGHT_TOKEN, type PreflightAnswer } from "../../src/model/preflight.ts";
import type { Handler } from "../../src/provider/handlers/handler.ts";
import { countInFlight } from "../../src/provider/in-flight.ts";
import { serve } from "../../src/provider/server.ts";
import { engineLog } from "../../src/provider/wire/engine.ts";

const recorded: Handler = {
  // Everything is there already: nothing is created, and the engine has the ids.
  id: () => "floor",
  check: (_call, news) => ({ inputs: news, failures: [] }),
  diff: () => ({}),
  create: async (_call, news) => news,
  read: async (_call, _id, known) => known,
  update: async (_call, news) => news,
  delete: async () => {},
};

const nothingToDo = { unclaimed: [], moves: {}, newcomers: [] } satisfies PreflightAnswer;

const running = await serve({
  version: "0.0.0",
  handlers: new Proxy<Record<string, Handler>>({}, { get: () => recorded }),
  functions: { [PREFLIGHT_TOKEN]: async () => nothingToDo },
  gate: countInFlight(),
  engine: engineLog(),
  configure: () => {},
});

const end = () => void running.stop().then(() => process.exit(0));
process.on("SIGINT", end).on("SIGTERM", end);
process.stdin.on("end", end).on("error", end).resume();
process.stdout.write(`${running.port}\n`);

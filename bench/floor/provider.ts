/**
 * Muster's provider server with other handlers. These handlers respond only with data from the engine's requests, and
 * use no hosts or files. They do not depend on types or inputs, so that the provider can serve every program.
 */
import { PREFLIGHT_TOKEN, type PreflightAnswer } from "../../src/model/preflight.ts";
import type { Handler } from "../../src/provider/handlers/handler.ts";
import { countInFlight } from "../../src/provider/running-requests.ts";
import { serve } from "../../src/provider/server.ts";
import { engineLog } from "../../src/provider/wire/engine.ts";

const recorded: Handler = {
  // Everything exists already, so nothing is created and the engine has the IDs.
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

/** The provider's own server with handlers that answer from what the engine sends: no host, no file. */
import { ROSTER_TOKEN } from "../../src/model/roster.ts";
import { gate } from "../../src/provider/gate.ts";
import type { Handler } from "../../src/provider/handlers/handler.ts";
import { serve } from "../../src/provider/server.ts";
import { engineLog } from "../../src/provider/wire/engine.ts";

const recorded: Handler = {
  id: (inputs) => `${inputs["resource"] ?? inputs["host"]}`,
  check: (_call, news) => ({ inputs: news, failures: [] }),
  diff: () => ({}),
  create: async (_call, news) => news,
  read: async (_call, _id, known) => known,
  update: async (_call, news) => news,
  delete: async () => {},
};

const TYPES = ["LocalHost", "Host", "Tenant", "Identity", "ContactBook", "Credential", "AgentUnit"];

const running = await serve({
  version: "0.0.0",
  handlers: Object.fromEntries(TYPES.map((type) => [`muster:index:${type}`, recorded])),
  functions: { [ROSTER_TOKEN]: async () => ({ unclaimed: [], hasState: true }) },
  gate: gate(),
  engine: engineLog(),
  configure: () => {},
});

const end = () => void running.stop().then(() => process.exit(0));
process.on("SIGINT", end).on("SIGTERM", end);
process.stdin.on("end", end).on("error", end).resume();
process.stdout.write(`${running.port}\n`);

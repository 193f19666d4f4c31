import { createHash } from "node:crypto";
import type { ModelAccess, Runtime, Surroundings, Texts } from "./runtime.ts";

const CONFIG = ".openclaw/openclaw.json";

/** OpenClaw's names for the protocols of the vendors' APIs. All other vendors use the protocol of chat completions. */
const APIS: Readonly<Record<string, string>> = {
  anthropic: "anthropic-messages",
  openai: "openai-responses",
};

/** The plugin that sends heartbeats; see "Plugin hooks" in the OpenClaw documentation. */
const PLUGIN = "muster-beat";

/**
 * The first port and the number of ports that Muster gives to gateways. Each gateway also uses the 110 ports after its
 * own port for its browsers, so the ports are 120 apart, as OpenClaw's documentation recommends ("Multiple gateways").
 * All ports are below the kernel's ephemeral ports.
 */
const PORTS = { first: 12_000, apart: 120, count: 170 };

/** OpenClaw, a gateway for one agent. It is a Node program that renames its process. */
export const openclaw: Runtime = {
  program: "openclaw",
  // The kernel cuts the name of a process to 15 characters.
  processes: ["openclaw", "openclaw-gatewa", "node"],
  heartbeat: "none",
  beats: "timer",
  readsNoTerminal:
    "Use one of its channels, or run `openclaw agent --agent main --message TEXT` as its user, with its gateway token.",
  settingsFile: { path: CONFIG, modelKeys: ["agents.defaults.model.primary"] },
  // OpenClaw does not start while these files exist. Its install script would remove them after it has removed the files of
  // earlier versions, which an installation by Muster never has.
  packages: {
    npm: { name: "openclaw", unwanted: [".openclaw-lifecycle-pending", "dist/openclaw-install-guard"] },
  },
  updaterOff: { env: { OPENCLAW_NO_AUTO_UPDATE: "1" } },
  settings: (access, around) => ({
    args: ["gateway", "run"],
    files: { [CONFIG]: json(required(access, around)) },
    defaults: { [CONFIG]: json(usual(around)) },
    ...(around.beatSeconds !== undefined && { programs: plugin(around.beatSeconds) }),
  }),
  // No copies are needed: the workspace is the home, which already contains the identity's files.
  identity: () => ({}),
};

function required(
  { provider, model, url, keyVariable }: ModelAccess,
  { home, beatSeconds }: Surroundings,
): object {
  const primary = [provider, model].filter((one) => one !== undefined).join("/");
  const entry = url !== undefined &&
    model !== undefined && { baseUrl: url, ...formOf(provider), ...modelsOf(model) };
  const key = keyVariable !== undefined && { apiKey: `\${${keyVariable}}` };
  return {
    gateway: { mode: "local" },
    agents: {
      defaults: {
        workspace: home,
        skipBootstrap: true,
        ...(model !== undefined && { model: { primary } }),
      },
    },
    ...(beatSeconds !== undefined && {
      plugins: { entries: { [PLUGIN]: { enabled: true, hooks: { allowConversationAccess: true } } } },
    }),
    ...(entry && provider !== undefined && { models: { providers: { [provider]: { ...entry, ...key } } } }),
  };
}

function formOf(provider = ""): { readonly api: string } {
  return { api: APIS[provider] ?? "openai-completions" };
}

function modelsOf(model: string): object {
  return { models: [{ id: model, name: model }] };
}

/** Returns the default settings of the gateway: only its own host can reach it, and each gateway has its own port. */
function usual({ name, neighbours }: Surroundings): object {
  return { gateway: { bind: "loopback", port: portOf(name, neighbours) } };
}

/**
 * Returns the port of an agent's gateway, which depends on the agent's name. If the names of several agents on a host
 * lead to the same port, the agents get the next free ports, in the order of their names.
 */
function portOf(name: string, neighbours: readonly string[]): number {
  const taken = new Map<number, string>();
  for (const one of [name, ...neighbours].toSorted()) {
    const wanted = createHash("sha256").update(one).digest().readUInt32BE() % PORTS.count;
    let slot = wanted;
    while (taken.has(slot)) slot = (slot + 1) % PORTS.count;
    if (one === name) return PORTS.first + PORTS.apart * slot;
    taken.set(slot, one);
  }
  throw new Error("unreachable");
}

/**
 * Returns the files of the plugin. A timer of the gateway sends heartbeats. The gateway works as long as one of its runs
 * has not ended.
 */
function plugin(seconds: number): Texts {
  const folder = `.openclaw/extensions/${PLUGIN}`;
  const about = {
    id: PLUGIN,
    name: "Muster heartbeat",
    description: "Sends the agent's heartbeats to Muster.",
  };
  return {
    [`${folder}/package.json`]: json({
      name: PLUGIN,
      version: "1.0.0",
      type: "module",
      openclaw: { extensions: ["./index.js"] },
    }),
    [`${folder}/openclaw.plugin.json`]: json({
      ...about,
      activation: { onStartup: true },
      configSchema: { type: "object", additionalProperties: false },
    }),
    [`${folder}/index.js`]: `// Sends the agent's heartbeats to Muster.
import { renameSync, writeFileSync } from "node:fs";

const shared = (globalThis.musterBeat ??= { file: process.env.MUSTER_BEAT, runs: new Set() });
const { file, runs } = shared;

const beat = () => {
  try {
    const state = runs.size > 0 ? "busy" : "idle";
    writeFileSync(file + ".claw", JSON.stringify({ time: new Date(), pid: process.pid, state }) + "\\n");
    renameSync(file + ".claw", file);
  } catch {
    // The deadman reports a missing heartbeat.
  }
};

export default {
  id: ${JSON.stringify(PLUGIN)},
  name: ${JSON.stringify(about.name)},
  description: ${JSON.stringify(about.description)},
  register(api) {
    if (!file) return;
    const begin = (event, context) => {
      runs.add(event.runId ?? context?.runId);
      beat();
    };
    const end = (event, context) => {
      runs.delete(event.runId ?? context?.runId);
      beat();
    };
    api.on("gateway_start", () => {
      clearInterval(shared.timer);
      shared.timer = setInterval(beat, ${seconds * 1000});
      beat();
    });
    api.on("gateway_stop", () => clearInterval(shared.timer));
    api.on("model_call_started", begin);
    api.on("agent_end", end);
  },
};
`,
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

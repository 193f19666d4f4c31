import { createHash } from "node:crypto";
import type { ModelAccess, Runtime, Surroundings } from "./runtime.ts";

const CONFIG = ".openclaw/openclaw.json";

/** OpenClaw's names for the protocols of the vendors' APIs. All other vendors use the protocol of chat completions. */
const APIS: Readonly<Record<string, string>> = {
  anthropic: "anthropic-messages",
  openai: "openai-responses",
};

/**
 * The first port and the number of ports that Muster gives to gateways. Each gateway also uses a few ports after its
 * own port, so the ports are 20 apart, as OpenClaw's documentation recommends. All ports are below the kernel's
 * ephemeral ports.
 */
const PORTS = { first: 12_000, apart: 20, count: 1000 };

/** OpenClaw, a gateway for one agent. It is a Node program that renames its process. */
export const openclaw: Runtime = {
  program: "openclaw",
  // The kernel cuts the name of a process to 15 characters.
  processes: ["openclaw", "openclaw-gatewa", "node"],
  heartbeat: "none",
  settingsFile: { path: CONFIG, modelKeys: ["agents.defaults.model.primary"] },
  packages: { npm: { name: "openclaw" } },
  updaterOff: { env: { OPENCLAW_NO_AUTO_UPDATE: "1" } },
  settings: (access, around) => ({
    args: ["gateway", "run"],
    files: { [CONFIG]: json(required(access, around)) },
    defaults: { [CONFIG]: json(usual(around)) },
  }),
  // No copies are needed: the workspace is the home, which already contains the identity's files.
  identity: () => ({}),
};

function required({ provider, model, url, keyVariable }: ModelAccess, { home }: Surroundings): object {
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
function usual({ name }: Surroundings): object {
  return { gateway: { bind: "loopback", port: portOf(name) } };
}

/** Returns the port of an agent's gateway, which depends only on the agent's name. */
function portOf(name: string): number {
  const hash = createHash("sha256").update(name).digest().readUInt32BE();
  return PORTS.first + PORTS.apart * (hash % PORTS.count);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

import { describeRealRuntime } from "./support/describe-real-runtime.ts";
import type { RealAgent } from "./support/real-runtimes.ts";

const CONFIG = ".openclaw/openclaw.json";

await describeRealRuntime({
  runtime: "openclaw",
  prompt: /\[gateway\] ready/,
  failsOver: false,
  // OpenClaw tries a turn again for several minutes.
  hasLostTurns: false,
  identityFiles: {
    [CONFIG]: {
      text: '{"gateway": {"http": {"endpoints": {"chatCompletions": {"enabled": true}}}}}',
      write: "merge",
    },
  },
  say,
});

/**
 * Sends a message to the agent's main conversation through the gateway's API. OpenClaw's own command would need 20 s to
 * start. The reply is not awaited.
 */
async function say({ name, onHost }: RealAgent, message: string): Promise<void> {
  const body = {
    model: "openclaw",
    messages: [{ role: "user", content: message }],
  };
  const send = `
    const { port } = JSON.parse(fs.readFileSync("/home/${name}/${CONFIG}", "utf8")).gateway;
    const headers = {
      authorization: "Bearer " + process.env.OPENCLAW_GATEWAY_TOKEN,
      "content-type": "application/json",
      "x-openclaw-session-key": "agent:main:main",
    };
    fetch("http://127.0.0.1:" + port + "/v1/chat/completions", { method: "POST", headers, body: ${JSON.stringify(JSON.stringify(body))} });`;
  const node = "/usr/local/lib/muster/runtimes/openclaw/*/node_modules/node-linux-*/bin/node";
  await onHost(`set -a; . /var/lib/muster/credentials/${name}/openclaw-token
cat >/tmp/say.mjs <<'END'
import fs from "node:fs";${send}
END
setsid ${node} /tmp/say.mjs >/dev/null 2>&1 </dev/null &`);
}

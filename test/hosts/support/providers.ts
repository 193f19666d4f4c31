import type { Project } from "./project.ts";

/** How a provider's server behaves. `flap`: every other answer is bad. `down`: nobody listens. */
export type Mood = "well" | "401" | "429" | "500" | "redirect" | "silent" | "flap" | "down";

const SERVER = `
const { createServer } = require("node:http");
const { readFileSync } = require("node:fs");
let asked = 0;
createServer((request, response) => {
  const mood = readFileSync(process.argv[3], "utf8").trim();
  asked += 1;
  if (mood === "silent") return;
  if (mood === "redirect") return response.writeHead(302, { location: "/again" }).end();
  response.writeHead(mood === "well" || (mood === "flap" && asked % 2) ? 200 : mood === "flap" ? 500 : Number(mood)).end();
}).listen(Number(process.argv[2]), "127.0.0.1");
`;

/** Real HTTP servers on a host that stand for providers of models, each a unit of its own with a mood in a file. */
export async function startProviders(
  project: Project,
  host: string,
  ports: Readonly<Record<string, number>>,
) {
  const mind = Object.keys(ports).map((name) => `echo well >/run/providers/${name}`);
  await project.onHost(
    host,
    `mkdir -p /run/providers; ${mind.join("; ")}
    echo ${Buffer.from(SERVER).toString("base64")} | base64 -d >/run/providers/server.cjs`,
  );
  const start = (name: string) =>
    `systemctl is-active -q provider-${name} || systemd-run -q --unit=provider-${name} \\
      "$(ls /usr/local/lib/muster/node-*/node | head -1)" /run/providers/server.cjs ${ports[name]} /run/providers/${name}`;
  for (const name of Object.keys(ports)) await project.onHost(host, start(name));
  /** Gives a provider another mood. */
  return (name: string, mood: Mood) =>
    project.onHost(
      host,
      mood === "down"
        ? `systemctl stop provider-${name}`
        : `echo ${mood} >/run/providers/${name}; ${start(name)}`,
    );
}

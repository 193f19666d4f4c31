import type { Project } from "./project.ts";

/** The behaviour of a provider's server. `flap`: every second response is an error. `down`: the server does not run. */
export type Behaviour = "well" | "401" | "429" | "500" | "redirect" | "silent" | "flap" | "down";

const SERVER = `
const { createServer } = require("node:http");
const { readFileSync } = require("node:fs");
let asked = 0;
createServer((request, response) => {
  const behaviour = readFileSync(process.argv[3], "utf8").trim();
  asked += 1;
  if (behaviour === "silent") return;
  if (behaviour === "redirect") return response.writeHead(302, { location: "/again" }).end();
  response.writeHead(behaviour === "well" || (behaviour === "flap" && asked % 2) ? 200 : behaviour === "flap" ? 500 : Number(behaviour)).end();
}).listen(Number(process.argv[2]), "127.0.0.1");
`;

/** Starts real HTTP servers on a host as model providers. Each server is a unit and reads its behaviour from a file. */
export async function startProviders(
  project: Project,
  host: string,
  ports: Readonly<Record<string, number>>,
) {
  const behaviours = Object.keys(ports).map((name) => `echo well >/run/providers/${name}`);
  await project.onHost(
    host,
    `mkdir -p /run/providers; ${behaviours.join("; ")}
    echo ${Buffer.from(SERVER).toString("base64")} | base64 -d >/run/providers/server.cjs`,
  );
  const start = (name: string) =>
    `systemctl is-active -q provider-${name} || systemd-run -q --collect --unit=provider-${name} \\
      "$(ls /usr/local/lib/muster/node-*/node | head -1)" /run/providers/server.cjs ${ports[name]} /run/providers/${name}`;
  for (const name of Object.keys(ports)) await project.onHost(host, start(name));
  /** Changes the behaviour of a provider. */
  return (name: string, behaviour: Behaviour) =>
    project.onHost(
      host,
      behaviour === "down"
        ? `systemctl stop provider-${name}`
        : // A server that read an empty file would exit, so the file is replaced in one step.
          `echo ${behaviour} >/run/providers/${name}.new; mv /run/providers/${name}.new /run/providers/${name}; ${start(name)}`,
    );
}

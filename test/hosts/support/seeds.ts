import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { makeProject, must, type Project } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

const MIND = readFileSync(join(ROOT, "test/doubles/mind.sh"));

interface FleetYaml {
  readonly hosts: Record<string, object>;
  readonly credentials: Record<string, { readonly from: string }>;
  readonly providers: Record<string, { readonly probe?: object }>;
  readonly agents: Record<string, Agent>;
  readonly services?: Record<string, Service>;
  readonly cloud?: object;
}

interface Service {
  readonly host: string;
  readonly unit?: string;
  readonly health?: object;
}

interface Agent {
  readonly runtime?: { readonly kind: string; readonly program?: string };
  readonly command?: readonly string[];
  readonly failover?: object;
}

/** Beats and timeouts of a test; the examples' own are minutes. */
const HEARTBEAT = { by: "file", interval: 2, timeout: 6 };

/** Providers of models are asked on the host itself, and soon: nobody outside is. */
export const PROVIDER_PORTS = { nous: 8071, google: 8072 };
const PROBE = { interval: 1, timeout: 1, failures: 2, successes: 2 };
const FAILOVER = { switch: "when-idle", deadline: 2, returnAfter: 4 };

/** Whatever else this machine does is no matter of these tests. */
const HEALTHY = { disk: 100, memory: 100, load: 1000 };

/**
 * Brings an example's fleet up on local hosts in place of its own: with secrets that are made up, heartbeats of seconds,
 * and stand-ins where its programs would be installed.
 */
export async function exampleUp(name: string): Promise<Project> {
  const files = filesOf(join(ROOT, "examples", name));
  const fleet = localized(files["fleet.yaml"] ?? "");
  const project = await projectOf(files, fleet);
  try {
    await bringUp(project, fleet);
    return project;
  } catch (error) {
    await project.dispose();
    throw error;
  }
}

/** Hosts, then what was there by hand before, then the fleet. */
async function bringUp(project: Project, fleet: FleetYaml): Promise<void> {
  const hosts = Object.keys(fleet.hosts);
  const urns = hosts.map((host) => `urn:pulumi:test::muster::muster:index:LocalHost::${host}`);
  const boot = urns.flatMap((urn) => ["--target", urn]);
  await must(project.pulumi(["up", "--yes", "--skip-preview", ...boot]));
  const programs = [...new Set(Object.values(fleet.agents).map(programOf))];
  await Promise.all(hosts.map((host) => install(project, host, programs, unitsOn(host, fleet))));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
}

/**
 * Makes a project of an example whose hosts are droplets, with a test's own way in. A setup step brings the stand-ins of
 * its programs, in place of its own steps: what they do to a kernel cannot be done in a container.
 *
 * @param cloudOf what is another in the section `cloud`
 */
export async function exampleOnCloud(
  name: string,
  cloudOf: object,
  env: Readonly<Record<string, string>>,
): Promise<Project> {
  const files = filesOf(join(ROOT, "examples", name));
  const fleet = parse(files["fleet.yaml"] ?? "", { merge: true }) as FleetYaml;
  const run = installing([...new Set(Object.values(fleet.agents).map(programOf))]);
  const hosts = Object.entries(fleet.hosts).map(([host, rest]) => [
    host,
    { ...rest, setup: { minds: { run } } },
  ]);
  const cloud = { ...fleet.cloud, ...cloudOf };
  return projectOf(files, { ...fleet, cloud, hosts: Object.fromEntries(hosts) }, env);
}

/** An example's project, with secrets that are made up. */
async function projectOf(
  files: Readonly<Record<string, string>>,
  fleet: FleetYaml,
  env: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const sources = Object.values(fleet.credentials).map(({ from }) => from.split(":"));
  const secretsOf = (source: string) =>
    Object.fromEntries(
      sources.flatMap(([kind, key = ""]) => (kind === source ? [[key, `sk-${key}-0123`] as const] : [])),
    );
  const made = await makeProject({ ...files, "fleet.yaml": stringify(fleet) }, secretsOf("config"), env);
  const secrets = secretsOf("env");
  return {
    ...made,
    pulumi: (args, options) => made.pulumi(args, { ...options, env: { ...secrets, ...options?.env } }),
  };
}

function localized(text: string): FleetYaml {
  const fleet = parse(text, { merge: true }) as FleetYaml;
  const hosts = Object.keys(fleet.hosts).map((host) => [host, { kind: "local", healthy: HEALTHY }]);
  const agents = Object.entries(fleet.agents).map(([name, agent]) => [
    name,
    { ...agent, heartbeat: HEARTBEAT, ...(agent.failover && { failover: FAILOVER }) },
  ]);
  const ports: Readonly<Record<string, number>> = PROVIDER_PORTS;
  const providers = Object.entries(fleet.providers).map(([name, { probe, ...rest }]) => [
    name,
    { ...rest, ...(probe && { probe: { ...PROBE, http: `http://127.0.0.1:${ports[name]}/` } }) },
  ]);
  // What stands in for them answers nobody; test/hosts/services.test.ts is about health.
  const health = { command: ["/bin/true"], user: "nobody" };
  const services = Object.entries(fleet.services ?? {}).map(([name, one]) => [name, { ...one, health }]);
  return {
    ...fleet,
    services: Object.fromEntries(services),
    hosts: Object.fromEntries(hosts),
    providers: Object.fromEntries(providers),
    agents: Object.fromEntries(agents),
  };
}

function programOf({ runtime, command }: Agent): string {
  return runtime?.program ?? runtime?.kind ?? command?.[0] ?? "";
}

async function install(
  project: Project,
  host: string,
  programs: readonly string[],
  units: readonly string[],
): Promise<void> {
  const lines = units.map((unit) => `printf '${UNIT}' >/etc/systemd/system/${unit}`);
  await project.onHost(host, [installing(programs), ...lines, "systemctl daemon-reload"].join("\n"));
}

/** What somebody set up by hand before. */
const UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n";

function unitsOn(host: string, { services = {} }: FleetYaml): string[] {
  const here = Object.entries(services).filter(([, service]) => service.host === host);
  return here.map(([name, { unit }]) => unit ?? `${name}.service`);
}

/** A script that puts a stand-in where each program would be. */
function installing(programs: readonly string[]): string {
  const paths = programs.map((program) => (program.includes("/") ? program : `/usr/local/bin/${program}`));
  const mind = MIND.toString("base64");
  return paths.map((path) => `echo ${mind} | base64 -d >${path}; chmod 755 ${path}`).join("; ");
}

function filesOf(dir: string): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    paths.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(dir.length + 1), readFileSync(path, "utf8")];
    }),
  );
}

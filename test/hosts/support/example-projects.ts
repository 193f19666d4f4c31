import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { makeProject, must, type Project } from "./project.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

const AGENT_PROGRAM = readFileSync(join(ROOT, "test/doubles/agent-program.sh"));

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

/** Heartbeats and timeouts for a test. The examples' own are minutes. */
const HEARTBEAT = { by: "file", interval: 2, timeout: 6 };

/** Model providers are probed on the host itself and often, so that nothing outside is contacted. */
export const PROVIDER_PORTS = { nous: 8071, google: 8072 };
const PROBE = { interval: 1, timeout: 1, failures: 2, successes: 2 };
const FAILOVER = { switch: "when-idle", deadline: 2, returnAfter: 4 };

/** Limits that never trigger, because these tests do not depend on the machine's load. */
const HEALTHY = { disk: 100, memory: 100, load: 1000 };

/**
 * Applies an example's fleet on local hosts in place of its own, with made-up secrets, heartbeats of seconds, and
 * stand-ins for its programs.
 */
export async function exampleUp(name: string): Promise<Project> {
  const files = filesOf(join(ROOT, "examples", name));
  const fleet = onLocalHosts(files["fleet.yaml"] ?? "");
  const project = await projectOf(files, fleet);
  try {
    await applyFleet(project, fleet);
    return project;
  } catch (error) {
    await project.dispose();
    throw error;
  }
}

/** Creates the hosts, then what exists on them by hand, then the fleet. */
async function applyFleet(project: Project, fleet: FleetYaml): Promise<void> {
  const hosts = Object.keys(fleet.hosts);
  const urns = hosts.map((host) => `urn:pulumi:test::muster::muster:index:LocalHost::${host}`);
  const boot = urns.flatMap((urn) => ["--target", urn]);
  await must(project.pulumi(["up", "--yes", "--skip-preview", ...boot]));
  const programs = [...new Set(Object.values(fleet.agents).map(programOf))];
  await Promise.all(hosts.map((host) => install(project, host, programs, unitsOn(host, fleet))));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
}

/**
 * Creates a project from an example whose hosts are droplets, with a test's own login. A setup step installs stand-ins
 * for its programs in place of the example's steps, which change a kernel and cannot run in a container.
 *
 * @param cloudOf changed fields of the section `cloud`
 */
export async function exampleOnCloud(
  name: string,
  cloudOf: object,
  env: Readonly<Record<string, string>>,
): Promise<Project> {
  const files = filesOf(join(ROOT, "examples", name));
  const fleet = parse(files["fleet.yaml"] ?? "", { merge: true }) as FleetYaml;
  const run = installScript([...new Set(Object.values(fleet.agents).map(programOf))]);
  const hosts = Object.entries(fleet.hosts).map(([host, rest]) => [
    host,
    { ...rest, setup: { programs: { run } } },
  ]);
  const cloud = { ...fleet.cloud, ...cloudOf };
  return projectOf(files, { ...fleet, cloud, hosts: Object.fromEntries(hosts) }, env);
}

/** An example's project, with made-up secrets. */
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

function onLocalHosts(text: string): FleetYaml {
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
  // The stand-ins answer no requests. test/hosts/services.test.ts tests health.
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
  await project.onHost(host, [installScript(programs), ...lines, "systemctl daemon-reload"].join("\n"));
}

/** A unit that somebody has set up by hand before. */
const UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n";

function unitsOn(host: string, { services = {} }: FleetYaml): string[] {
  const here = Object.entries(services).filter(([, service]) => service.host === host);
  return here.map(([name, { unit }]) => unit ?? `${name}.service`);
}

/** A script that puts a stand-in in place of each program. */
function installScript(programs: readonly string[]): string {
  const paths = programs.map((program) => (program.includes("/") ? program : `/usr/local/bin/${program}`));
  const encoded = AGENT_PROGRAM.toString("base64");
  return paths.map((path) => `echo ${encoded} | base64 -d >${path}; chmod 755 ${path}`).join("; ");
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

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

/** Heartbeats and timeouts for a test, in seconds. The intervals in the examples are minutes. */
const HEARTBEAT = { by: "file", interval: 2, timeout: 6 };

/** The ports of model providers on the host itself. The tests probe these often, and contact no real provider. */
export const PROVIDER_PORTS = { nous: 8071, google: 8072 };
const PROBE = { interval: 1, timeout: 1, failures: 2, successes: 2 };
const FAILOVER = { switch: "when-idle", deadline: 2, returnAfter: 4 };

/** Limits that never trigger, because these tests do not depend on the machine's load. */
const HEALTHY = { disk: 100, memory: 100, load: 1000 };

/**
 * Applies an example's fleet on local hosts instead of the example's own hosts. The secrets are made up, heartbeats
 * have intervals of seconds, and stand-ins replace the example's programs.
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

/** Creates the hosts, then the programs and units that exist before Muster, and then the fleet. */
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
 * Creates a project from an example with droplets, and uses the test's own login. A setup step installs stand-ins for
 * the example's programs. It replaces the example's own steps, which change a kernel and cannot run in a container.
 *
 * @param cloudOf the changed fields in the section `cloud`
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

/** Creates a project from an example, with made-up secrets. */
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
  // The stand-ins answer no requests. test/hosts/services.test.ts tests health checks.
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

/** A unit that exists on the host before Muster. */
const UNIT = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n";

function unitsOn(host: string, { services = {} }: FleetYaml): string[] {
  const here = Object.entries(services).filter(([, service]) => service.host === host);
  return here.map(([name, { unit }]) => unit ?? `${name}.service`);
}

/** Returns a script that installs a stand-in for each program. */
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

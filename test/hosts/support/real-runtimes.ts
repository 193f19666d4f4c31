import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { packageRoot } from "../../../src/base/muster-folders.ts";
import { readLock } from "../../../src/config/fleet-lock.ts";
import { isFor } from "../../../src/model/installation.ts";
import { cachedArchives } from "../../../src/sources/archive-cache.ts";
import { makeCanaries } from "./canaries.ts";
import { makeProject, must, type Project } from "./project.ts";

/** The example with one agent per runtime. It is also the list of the versions that the tests run. */
const REAL = join(packageRoot(), "examples/real");

const HOST = "box";

/** The name under which the hosts know the machine with the API of the tests. */
export const API_NAME = "models.example.org";
const MACHINE = `urn:pulumi:test::muster::muster:index:LocalHost::${HOST}`;

/** A script that installs the Python of the pinned Hermes, while the host still has a route to Debian's mirror. */
export const PYTHON = "apt-get -qq update && apt-get -qq -y --no-install-recommends install python3.11";

/** The longest time of an installation in milliseconds. OpenClaw has 338 archives, and the machine can be busy. */
const INSTALL_TIME = 900_000;

/** The timeout of a hook that calls `realFleet` or `realAgent`, in milliseconds. */
export const SETUP_TIME = INSTALL_TIME + 300_000;

type Entries = Record<string, Record<string, unknown>>;

interface ExampleAgent extends Record<string, unknown> {
  readonly runtime: Readonly<Record<string, string>>;
  readonly credentials: readonly string[];
}

interface Example extends Record<string, unknown> {
  readonly agents: Record<string, ExampleAgent>;
  readonly credentials: Record<string, { from: string; env: string }>;
  readonly runtimes: Entries;
  readonly providers: Entries;
  readonly identities: Entries;
  readonly hosts: Entries;
}

/**
 * Downloads a runtime into the cache, from which hosts get the runtime.
 *
 * @returns whether this machine has the runtime now @throws in CI, if the runtime cannot be downloaded
 */
export async function hasRuntime(name: string): Promise<boolean> {
  const read = readLock(REAL);
  const pinned = "lock" in read ? read.lock[name] : undefined;
  if (pinned === undefined) throw new Error(`examples/real/fleet.lock has no ${name}`);
  const needed = pinned.archives.filter((one) => isFor(process.arch, one));
  try {
    await cachedArchives(pinned, needed, { project: REAL, addresses: [] });
    return true;
  } catch (error) {
    if (process.env["CI"]) throw error;
    console.log(`skipped: the real ${name}, because this machine cannot download it: ${String(error)}`);
    return false;
  }
}

/** An agent of the example on a local host that has a route only to this machine. */
export interface RealAgent {
  readonly project: Project;
  readonly name: string;
  readonly model: string;
  /** The value of the agent's key. */
  readonly key: string;
  /** All secret values of the agent, by the name of the credential. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A sentence of the agent's SOUL.md. */
  readonly sentence: string;
  /** Returns the number of seconds since the start of the `up` that installed the runtime and started the agent. */
  secondsSinceUp(): number;
  onHost(script: string): Promise<string>;
  /** Gives the agent a second provider with the same API, and makes the probe of the first provider fail. */
  addSpareProvider(): Promise<void>;
  pane(): Promise<string>;
  /** Types a message into the agent's terminal, and then Enter. */
  say(message: string): Promise<void>;
}

/** A fleet with agents of the example, on one local host that has a route only to this machine. */
export interface RealFleet {
  readonly project: Project;
  readonly agents: Readonly<Record<string, ExampleAgent>>;
  /** The values of the credentials, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** When the `up` began that installed the runtimes and started the agents, in milliseconds since 1970. */
  readonly began: number;
  /** The number of seconds that this `up` took. */
  readonly seconds: number;
}

/** What a test adds to the example. */
export interface Extra {
  /** A script for the host, which runs while the host still has a route. */
  readonly prepare?: string | undefined;
  /** More files of each identity. */
  readonly files?: object | undefined;
}

/** How the hosts reach the API of the tests. */
export interface ApiAddress {
  readonly port: number;
  /** The certificate of the authority that the host trusts. */
  readonly authority: string;
}

/**
 * Makes a project with agents of the example, whose providers are the API of the tests. Each agent's runtime sends its
 * heartbeats.
 *
 * @param runtimes the runtimes of the agents
 * @param extra see `Extra`
 */
export async function realFleet(
  runtimes: readonly string[],
  api: ApiAddress,
  { prepare = "true", files: identityFiles }: Extra = {},
): Promise<RealFleet> {
  const example = readExample();
  const agents = Object.fromEntries(
    Object.entries(example.agents).filter(([, { runtime }]) => runtimes.includes(runtime["kind"] ?? "")),
  );
  if (Object.keys(agents).length !== runtimes.length)
    throw new Error(`examples/real does not have one agent for each of ${runtimes.join(", ")}`);
  const used = [...new Set(Object.values(agents).flatMap(({ credentials }) => credentials))];
  const secrets = makeCanaries(used);
  const values = used.map((name) => [
    example.credentials[name]?.from.replace("env:", "") ?? "",
    secrets[name],
  ]);
  const souls = Object.keys(agents).map((name) => [`identities/${name}.md`, soulOf(name)]);
  const files = { "fleet.yaml": stringify(withoutAgents(example)), ...Object.fromEntries(souls) };
  const lock = { "fleet.lock": readFileSync(join(REAL, "fleet.lock"), "utf8") };
  const project = await makeProject({ ...files, ...lock }, {}, Object.fromEntries(values));
  try {
    await must(project.pulumi(["up", "--yes", "--skip-preview", "--target", MACHINE]));
    await closeRoutes(project, `${trust(api.authority)}; ${prepare}`);
    project.write("fleet.yaml", stringify(only(example, agents, api.port, identityFiles)));
    const began = Date.now();
    await must(project.pulumi(["up", "--yes", "--skip-preview"], { timeout: INSTALL_TIME }));
    return { project, agents, secrets, began, seconds: (Date.now() - began) / 1000 };
  } catch (error) {
    await project.dispose();
    throw error;
  }
}

/** Makes a project with one agent of the example; see `realFleet`. */
export async function realAgent(runtime: string, api: ApiAddress, extra?: Extra): Promise<RealAgent> {
  const { project, agents, secrets, began } = await realFleet([runtime], api, extra);
  const [name = ""] = Object.keys(agents);
  return {
    ...{ project, name, secrets, model: agents[name]?.runtime["model"] ?? "" },
    key: secrets[agents[name]?.credentials[0] ?? ""] ?? "",
    sentence: soulOf(name).split("\n")[2]?.split(". ")[0] ?? "",
    secondsSinceUp: () => Math.round((Date.now() - began) / 1000),
    ...terminal(project, name),
    addSpareProvider: async () => {
      const fleet = only(readExample(), agents, api.port, extra?.files);
      project.write("fleet.yaml", stringify(withSpare(fleet, name, `${API_NAME}:9`)));
      await must(project.pulumi(["up", "--yes", "--skip-preview"]));
    },
  };
}

function readExample(): Example {
  return parse(readFileSync(join(REAL, "fleet.yaml"), "utf8")) as Example;
}

function soulOf(agent: string): string {
  return readFileSync(join(REAL, `identities/${agent}.md`), "utf8");
}

/** Returns the fleet with only its host, so that nothing runs before the host's routes are closed. */
function withoutAgents({ apiVersion, kind, name, hosts, tenants }: Example): object {
  return { apiVersion, kind, name, hosts, tenants, agents: {} };
}

/** Returns the fleet with a second provider. @param closed an address at which no server listens */
function withSpare(fleet: Example, name: string, closed: string): object {
  const { runtime = {}, ...agent }: Partial<ExampleAgent> = fleet.agents[name] ?? {};
  const { provider = "", model, ...rest } = runtime;
  const first = fleet.providers[provider];
  const probe = { tcp: closed, interval: 1, timeout: 1, failures: 2 };
  const providers = { [provider]: { ...first, probe }, spare: { ...first, vendor: provider } };
  const choices = [provider, "spare"].map((one) => ({ provider: one, model }));
  const failing = { ...agent, runtime: rest, providers: choices, failover: "now" };
  return { ...fleet, providers, agents: { [name]: failing } };
}

/** The paths of the APIs in the addresses of the providers. */
const API_PATHS: Readonly<Record<string, string>> = { openai: "/v1", deepseek: "/v1" };

function only(example: Example, agents: Example["agents"], port: number, files: object | undefined): Example {
  const pick = <T>(entries: Readonly<Record<string, T>>, names: readonly string[]) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => names.includes(name)));
  const all = Object.values(agents);
  const providers = pick(
    example.providers,
    all.map(({ runtime }) => runtime["provider"] ?? ""),
  );
  const address = (name: string) => `https://${API_NAME}:${port}${API_PATHS[name] ?? ""}`;
  return {
    ...example,
    runtimes: pick(
      example.runtimes,
      all.map(({ runtime }) => runtime["kind"] ?? ""),
    ),
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, one]) => [name, { ...one, url: address(name) }]),
    ),
    credentials: pick(
      example.credentials,
      all.flatMap(({ credentials }) => credentials),
    ),
    identities: Object.fromEntries(
      Object.keys(agents).map((name) => [name, { ...example.identities[name], ...(files && { files }) }]),
    ),
    agents: Object.fromEntries(
      Object.entries(agents).map(([name, one]) => [
        name,
        { ...one, onChange: "now", heartbeat: { by: "runtime" } },
      ]),
    ),
  };
}

/** Returns a script that adds a certificate to those that the host trusts. */
function trust(cert: string): string {
  return `printf '%s' '${cert}' >/usr/local/share/ca-certificates/tests.crt; update-ca-certificates`;
}

/** Removes the default route after each boot, before an agent starts. */
const WITHOUT_ROUTE = `folder=/etc/systemd/system/muster-address.service.d
mkdir -p $folder
printf '[Service]\\nExecStartPost=/usr/sbin/ip route del default\\n' >$folder/no-route.conf
systemctl daemon-reload`;

/** Removes the host's default routes. The address of this machine on the bridge gets the name of the API. */
async function closeRoutes(project: Project, prepare: string): Promise<void> {
  const name = `set -- $(ip -4 route show default) && echo "$3 ${API_NAME}" >>/etc/hosts`;
  await project.onHost(HOST, `set -e; ${prepare}; ${WITHOUT_ROUTE}; ${name}; ip route del default`);
}

function terminal(project: Project, name: string): Pick<RealAgent, "onHost" | "pane" | "say"> {
  const onHost = (script: string) => project.onHost(HOST, script);
  const tmux = `runuser -u ${name} -- tmux -S /run/muster-${name}/tmux`;
  return {
    onHost,
    pane: () => onHost(`${tmux} capture-pane -p -J -t ${name}:0.0`),
    // The programs treat input that arrives at once as a paste, and treat an Enter in this input as a line break.
    say: async (message) => {
      const typed = `'${message.replaceAll("'", `'\\''`)}'`;
      await onHost(
        `${tmux} send-keys -t ${name}:0.0 -l ${typed}; sleep 0.7; ${tmux} send-keys -t ${name}:0.0 Enter`,
      );
    },
  };
}

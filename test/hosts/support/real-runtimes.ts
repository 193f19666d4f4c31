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
const MACHINE = `urn:pulumi:test::muster::muster:index:LocalHost::${HOST}`;

type Entries = Record<string, Record<string, unknown>>;

interface ExampleAgent extends Record<string, unknown> {
  readonly runtime: Record<string, string>;
  readonly credentials: string[];
}

interface Example extends Record<string, unknown> {
  readonly agents: Record<string, ExampleAgent>;
  readonly credentials: Record<string, { from: string; env: string }>;
  readonly runtimes: Entries;
  readonly providers: Entries;
  readonly identities: Entries;
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
  /** A sentence of the agent's SOUL.md. */
  readonly sentence: string;
  onHost(script: string): Promise<string>;
  /** Gives the agent a second provider with the same API, and makes the probe of the first provider fail. */
  addSpareProvider(): Promise<void>;
  pane(): Promise<string>;
  /** Types a message into the agent's terminal, and then Enter. */
  say(message: string): Promise<void>;
}

/**
 * Makes a project with one agent of the example, whose provider is the API of the tests.
 *
 * @param path the path of the API in the address of the provider, such as `/v1`
 * @param prepare a script for the host, which runs while the host still has a route
 */
export async function realAgent(
  runtime: string,
  api: { readonly port: number; readonly path: string },
  prepare = "true",
): Promise<RealAgent> {
  const example = parse(readFileSync(join(REAL, "fleet.yaml"), "utf8")) as Example;
  const [name, agent] =
    Object.entries(example.agents).find(([, one]) => one.runtime["kind"] === runtime) ?? [];
  if (name === undefined || agent === undefined) throw new Error(`examples/real has no agent for ${runtime}`);
  const [credential = ""] = agent.credentials;
  const source = example.credentials[credential]?.from.replace("env:", "") ?? "";
  const { key = "" } = makeCanaries(["key"]);
  const soul = readFileSync(join(REAL, `identities/${name}.md`), "utf8");
  const write = (url?: string) =>
    stringify(url === undefined ? withoutAgents(example) : only(example, name, url));
  const files = { "fleet.yaml": write(), [`identities/${name}.md`]: soul };
  const lock = { "fleet.lock": readFileSync(join(REAL, "fleet.lock"), "utf8") };
  const project = await makeProject({ ...files, ...lock }, {}, { [source]: key });
  await must(project.pulumi(["up", "--yes", "--skip-preview", "--target", MACHINE]));
  const gateway = await closeRoutes(project, prepare);
  const url = `http://${gateway}:${api.port}${api.path}`;
  const up = async (text: string) => {
    project.write("fleet.yaml", text);
    await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  };
  await up(write(url));
  return {
    ...{ project, name, key, model: agent.runtime["model"] ?? "" },
    sentence: soul.split("\n")[2]?.split(". ")[0] ?? "",
    ...terminal(project, name),
    addSpareProvider: () => up(stringify(withSpare(only(example, name, url), name, `${gateway}:9`))),
  };
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

function only(example: Example, agent: string, url: string): Example {
  const declared: ExampleAgent = example.agents[agent] ?? { runtime: {}, credentials: [] };
  const { runtime, credentials } = declared;
  const pick = (entries: object, names: readonly string[]) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => names.includes(name)));
  const provider = runtime["provider"] ?? "";
  return {
    ...example,
    runtimes: pick(example.runtimes, [runtime["kind"] ?? ""]),
    providers: { [provider]: { ...example.providers[provider], url } },
    credentials: pick(example.credentials, credentials),
    identities: pick(example.identities, [agent]),
    agents: { [agent]: { ...declared, onChange: "now" } },
  };
}

/** Removes the default route after each boot, before an agent starts. */
const WITHOUT_ROUTE = `folder=/etc/systemd/system/muster-address.service.d
mkdir -p $folder
printf '[Service]\\nExecStartPost=/usr/sbin/ip route del default\\n' >$folder/no-route.conf
systemctl daemon-reload`;

/** Removes the host's default routes. @returns the address of this machine on the bridge */
async function closeRoutes(project: Project, prepare: string): Promise<string> {
  const route = await project.onHost(
    HOST,
    `{ ${prepare}; ${WITHOUT_ROUTE}; } >&2; ip -4 route show default; ip route del default`,
  );
  return /via (\S+)/.exec(route)?.[1] ?? "";
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

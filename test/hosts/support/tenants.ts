import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import type { Request } from "../../../src/model/protocol.ts";
import { AGENT_SH } from "./fleets.ts";
import { makeProject, must, type Project } from "./project.ts";

/** The tenants with the agents on each host. */
export const TENANTS = {
  north: { one: "iris", two: "nora" },
  south: { one: "loom", two: "sol" },
} as const;

export type Tenant = keyof typeof TENANTS;

/** The environment variables from which the tenants' stacks read their secrets. */
export const SECRETS = Object.fromEntries(
  agents().map(({ name }) => [`${name.toUpperCase()}_KEY`, `sk-${name}-0123456789`]),
);

/**
 * Creates a project with two tenants on two local hosts, and with a stack for the platform and for each tenant.
 *
 * @param root folder of the Muster package that is installed in the project; by default this checkout
 */
export async function makeTenants(root?: string): Promise<Project> {
  const project = await makeProject(files(), {}, {}, root);
  await must(project.pulumi(["config", "set", "muster:slice", "platform", "--stack", "test"]));
  for (const tenant of Object.keys(TENANTS)) await must(project.fleet(["stack", "add", tenant]));
  return project;
}

/** Runs `pulumi` in a stack, with the secrets in its environment. */
export function inStack(project: Project, stack: string, ...args: readonly string[]) {
  return project.pulumi([...args, "--stack", stack], { env: SECRETS });
}

/**
 * Sends requests with a tenant's own key, like any other program could.
 *
 * @returns the answers in the order of the requests
 */
export async function send(project: Project, tenant: Tenant, host: string, requests: readonly unknown[]) {
  const frames = requests.map((request, seq) => `${JSON.stringify({ seq, request: request as Request })}\n`);
  const { stdout } = await execa("ssh", [...ssh(project, tenant, host), "whatever"], {
    input: frames.join(""),
  });
  const [hello, ...lines] = stdout.split("\n");
  const answers = lines.map((line) => JSON.parse(line) as { error?: { what: string; why: string } });
  return { hello: hello ?? "", answers };
}

/** Returns the arguments of ssh with a tenant's key, up to the destination. */
export function ssh(project: Project, tenant: Tenant, host: string, ...options: readonly string[]): string[] {
  const inventory = parse(readFileSync(join(project.dir, "stacks/inventory.local.yaml"), "utf8")) as {
    hosts: Record<string, { address: string }>;
  };
  const key = join(project.dir, "stacks", `${tenant}.key`);
  return [
    ...["-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"],
    ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", ...options],
    `muster-tenant-${tenant}@${inventory.hosts[host]?.address}`,
  ];
}

function agents() {
  return Object.entries(TENANTS).flatMap(([tenant, byHost]) =>
    Object.entries(byHost).map(([host, name]) => ({ name, host, tenant })),
  );
}

function files(): Record<string, string> {
  const by = <T>(make: (one: ReturnType<typeof agents>[number]) => T) =>
    Object.fromEntries(agents().map((one) => [one.name, make(one)]));
  const fleet = {
    apiVersion: "muster/v1",
    kind: "Fleet",
    name: "shared",
    hosts: { one: { kind: "local" }, two: { kind: "local" } },
    tenants: { north: null, south: {} },
    // This probe succeeds as long as the host is reachable.
    providers: { nous: { probe: { tcp: 22 } }, local: null },
    credentials: Object.fromEntries(
      agents().map(({ name }) => [
        `${name}-key`,
        { from: `env:${name.toUpperCase()}_KEY`, type: "api-key", env: "ANTHROPIC_API_KEY" },
      ]),
    ),
    identities: by(({ name }) => ({
      soul: `identities/${name}.md`,
      files: { "agent.sh": { from: "agent.sh", mode: "0755" } },
    })),
    contacts: by(({ name }) => ({ display_name: name, type: "agent" })),
    agents: by(({ name, host, tenant }) => ({
      host,
      tenant,
      credentials: [`${name}-key`],
      command: ["/bin/sh", "agent.sh"],
      onChange: "now",
      watchdog: 60,
      ...(name === TENANTS.north.one && {
        providers: [{ provider: "nous", model: "large" }, { provider: "local" }],
      }),
    })),
  };
  const souls = agents().map(({ name }) => [`identities/${name}.md`, `# ${name}\n\nI am ${name}.\n`]);
  return { "fleet.yaml": stringify(fleet), "agent.sh": AGENT_SH, ...Object.fromEntries(souls) };
}

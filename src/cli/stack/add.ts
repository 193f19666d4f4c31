import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { loadFleet } from "../../config/load-fleet.ts";
import { ensureStack, type Progress } from "../../engine/index.ts";
import { assertDeclared } from "../selection.ts";
import { ensureIgnored, ensureStackKey, keyFile, writePublicKey } from "./ssh-key-pair.ts";

/** The name of the platform's stack, which manages the hosts and all resources that belong to no tenant's own stack. */
export const PLATFORM = "platform";

/**
 * Creates the stack for the platform or for one tenant. If the stack exists already, creates only the missing parts of
 * the stack.
 *
 * @returns lines that say what was done and what to do next
 */
export async function addStack(fleet: Fleet, name: string, progress: Progress): Promise<string[]> {
  if (name === PLATFORM && Object.hasOwn(fleet.tenants, PLATFORM)) {
    const why = "this name is reserved for the platform's stack.";
    throw new InvalidError({
      what: `tenant ${PLATFORM} cannot have a stack`,
      why,
      next: "Give the tenant another name.",
    });
  }
  return name === PLATFORM ? addPlatform(fleet, progress) : addTenant(fleet, name, progress);
}

async function addPlatform({ dir }: Fleet, progress: Progress): Promise<string[]> {
  const isNew = await ensureStack(dir, PLATFORM, { slice: "platform" }, progress);
  return [made(isNew, PLATFORM, "platform"), "", "Next:", `  npx pulumi up --stack ${PLATFORM}`];
}

async function addTenant(fleet: Fleet, tenant: string, progress: Progress): Promise<string[]> {
  assertDeclared("tenant", tenant, fleet.tenants);
  const { dir, file = join(dir, "fleet.yaml") } = fleet;
  ensureIgnored(dir, "stacks/*.key");
  ensureIgnored(dir, "stacks/*.passphrase");
  const lines = await ensureTenantKey(fleet, tenant, file);
  const isNew = await ensureStack(dir, tenant, { slice: `tenant:${tenant}`, key: keyFile(tenant) }, progress);
  const steps = [
    "npx pulumi up                       # the platform's stack: makes the hosts accept the key",
    ...secretsOf(fleet, tenant).map(
      (name) => `npx pulumi config set --secret muster:${name} --stack ${tenant}`,
    ),
    `npx pulumi up --stack ${tenant}`,
  ];
  return [
    ...lines,
    made(isNew, tenant, `tenant:${tenant}`),
    "",
    "Next:",
    ...steps.map((step) => `  ${step}`),
  ];
}

/**
 * Creates the tenant's key pair and writes the public key into fleet.yaml, unless fleet.yaml already has a
 * key for the tenant.
 */
async function ensureTenantKey(fleet: Fleet, tenant: string, file: string): Promise<string[]> {
  const declared = fleet.tenants[tenant]?.key?.split(" ").slice(0, 2).join(" ");
  const privateFile = keyFile(tenant);
  if (declared !== undefined && !existsSync(join(fleet.dir, privateFile))) {
    return [
      `kept   tenants.${tenant}.key in fleet.yaml; put its private key into ${privateFile}, with mode 0600`,
    ];
  }
  const key = ensureStackKey(fleet.dir, tenant);
  if (declared === key) return [`kept   ${privateFile} and its public key in fleet.yaml`];
  if (declared !== undefined) {
    const why = `it is not the public key of ${privateFile}.`;
    const next = `Put the right private key into that file, or \`${key}\` into fleet.yaml.`;
    throw new InvalidError({ what: `tenants.${tenant}.key in fleet.yaml is wrong`, why, next });
  }
  writePublicKey(file, tenant, key);
  loadFleet(file);
  return [`wrote  ${privateFile} (private, never in git) and its public key into fleet.yaml`];
}

function made(isNew: boolean, stack: string, slice: string): string {
  return `${isNew ? "added" : "kept "}  the stack ${stack} (${slice}) with its passphrase in stacks/${stack}.passphrase`;
}

function secretsOf(fleet: Fleet, tenant: string): string[] {
  const held = Object.values(fleet.agents).filter((agent) => agent.tenant === tenant);
  const names = held.flatMap(({ credentials }) => credentials);
  return [...new Set(names)].flatMap(
    (name) => /^config:(.+)$/.exec(fleet.credentials[name]?.from ?? "")?.[1] ?? [],
  );
}

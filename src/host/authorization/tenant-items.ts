import { posix } from "node:path";
import { isProviderName } from "../../model/failover.ts";
import { choiceFile, identityDigestFile, policyFile, UNIT_DIR } from "../../model/host-paths.ts";
import { isRemote } from "../../model/repository.ts";
import type { ScopedAgent, TenantScope } from "../../model/tenant-scope.ts";
import { flawOf, isMap, quoteValue, type Shape } from "./check-shape.ts";
import { jobUnitOf } from "./tenant-job-unit.ts";

/** The rules for an item: `address` for its address and options, `want` for its declared state. */
interface ItemForm {
  readonly address: Shape;
  readonly want: Shape;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const SECRET = /^(as declared|secret:[0-9a-f]{64})$/;
const LINE = /^[^\p{Cc}]{0,1000}$/u;

/**
 * Returns why a tenant's stack is not allowed to have an item for one of its agents; undefined if the item is allowed.
 * Groups, users, packages and the runtime have no form here, so only the platform can have them.
 *
 * @param wants whether to check the declared state too. This check is not needed to observe or remove an item
 */
export function refusalOf(
  { tenant }: TenantScope,
  agent: ScopedAgent,
  item: unknown,
  wants: boolean,
): string | undefined {
  if (!isMap(item)) return "it is not an item";
  const { want, ...address } = item;
  const form = formOf(tenant, agent, address);
  if (form === undefined) return `${placeOf(address)} does not belong to ${agent.name}`;
  const flaw = flawOf(address, form.address) ?? (wants ? flawOf(want, form.want) : undefined);
  return flaw === undefined && !isMap(want) ? "it declares no state" : flaw && `it ${flaw}`;
}

/**
 * Returns the form that an item with this address must have; undefined if the agent
 * is not allowed to have the item.
 */
function formOf(
  group: string,
  agent: ScopedAgent,
  address: Readonly<Record<string, unknown>>,
): ItemForm | undefined {
  const { kind, path, name } = address;
  if (kind === "unit") return name === agent.unit ? unit(agent) : undefined;
  if (kind === "limits") return name === agent.unit ? limits(agent) : undefined;
  if (kind === "timer") return jobUnitOf(agent, name)?.kind === "timer" ? timer(`${name}`) : undefined;
  if (kind === "program") return program(agent);
  if (kind === "model") return model(agent);
  if (kind === "running") return running(agent);
  if (kind === "checkout") return isWithin(agent.home, `${address["folder"]}`) ? checkout(agent) : undefined;
  if (typeof path !== "string" || posix.normalize(path) !== path || !LINE.test(path)) return undefined;
  if (kind === "directory" && path === agent.home) return home(group, agent);
  if (kind === "directory" && path === agent.credentials) return secretsFolder(group, agent);
  if (kind === "directory" && isWithin(agent.home, path)) return workFolder(group, agent);
  if (kind === "rows" && isWithin(agent.home, path)) return rows(group, agent);
  if (kind !== "file") return undefined;
  if (path === `${UNIT_DIR}/${agent.unit}`) return unitFile(agent);
  if (jobUnitOf(agent, posix.basename(path)) && posix.dirname(path) === UNIT_DIR) return jobFile;
  if (path === policyFile(agent.name)) return policy;
  if (path === identityDigestFile(agent.name)) return identityDigest;
  if (isProviderFile(agent, path)) return unitFile(agent);
  if (posix.dirname(path) === agent.credentials) return secretFile(group, agent);
  if (!isWithin(agent.home, path)) return undefined;
  return address["write"] === "adopt" ? loginFile(group, agent) : homeFile(group, agent);
}

/** Whether a file is a drop-in that makes the agent's unit use one of the agent's providers. */
export function isProviderFile({ name }: ScopedAgent, path: string): boolean {
  const provider = posix.basename(path, ".conf");
  return isProviderName(provider) && path === choiceFile(name, provider);
}

function isWithin(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`) && !path.endsWith("/");
}

function placeOf({ kind, path, name }: Readonly<Record<string, unknown>>): string {
  return (
    [kind, path ?? name]
      .filter((one) => one !== undefined)
      .map(quoteValue)
      .join(" ") || "it"
  );
}

const home = (group: string, { user, home, unit }: ScopedAgent): ItemForm => ({
  address: { kind: "directory", path: home, onRemove: /^(aside|delete|keep|wipe)$/, "notify?": unit },
  want: { type: "directory", owner: user, group, mode: "0700" },
});

const secretsFolder = (group: string, { credentials }: ScopedAgent): ItemForm => ({
  address: { kind: "directory", path: credentials, onRemove: "delete" },
  want: { type: "directory", owner: "root", group, mode: "0710" },
});

const workFolder = (group: string, { user }: ScopedAgent): ItemForm => ({
  address: { kind: "directory", path: LINE, actor: user },
  want: { type: "directory", owner: user, group, mode: "0700" },
});

/**
 * Returns the form of a file in an agent's home. The item needs an actor, because root must not open files in a home.
 */
const homeFile = (group: string, { user, unit }: ScopedAgent): ItemForm => ({
  address: { kind: "file", path: LINE, actor: user, "write?": /^(once|merge)$/, ...readAtStart(unit) },
  want: { type: "file", content: DIGEST, owner: user, group, mode: /^0[0-7]{3}$/ },
});

const rows = (group: string, { user }: ScopedAgent): ItemForm => ({
  address: { kind: "rows", path: LINE, actor: user, table: /^[a-z_]{1,60}$/, "onRemove?": "wipe" },
  want: { type: "file", rows: DIGEST, owner: user, group, mode: /^0[0-7]{3}$/ },
});

const secretFile = (group: string, { user, unit }: ScopedAgent): ItemForm => ({
  address: {
    kind: "file",
    path: LINE,
    secret: LINE,
    ...readAtStart(unit),
    "envName?": /^[A-Za-z_]\w{0,200}$/,
    "login?": true,
    "sharedBecause?": LINE,
  },
  want: { type: "file", content: SECRET, owner: user, group, mode: "0400" },
});

const loginFile = (group: string, { user, unit }: ScopedAgent): ItemForm => ({
  address: {
    kind: "file",
    path: LINE,
    actor: user,
    secret: LINE,
    ...readAtStart(unit),
    login: true,
    write: "adopt",
  },
  want: { type: "file", content: SECRET, account: "as declared", owner: user, group, mode: "0600" },
});

/** Returns the options for restarting a unit when a file that it reads changes. */
const readAtStart = (unit: string): Shape => ({
  "notify?": unit,
  "restart?": /^(never|when-idle|now)$/,
  "choice?": isProviderName,
  "within?": (value) => typeof value === "number" && value > 0,
});

/** Returns the form of an agent's unit file or provider drop-in. The file's text is checked in tenant-content.ts. */
const unitFile = ({ unit }: ScopedAgent): ItemForm => ({
  address: { kind: "file", path: LINE, ...readAtStart(unit) },
  want: { type: "file", content: DIGEST, owner: "root", group: "root", mode: "0644" },
});

/** The properties that a job's unit-file item must have. The file's text is checked in tenant-content.ts. */
const jobFile: ItemForm = {
  address: { kind: "file", path: LINE },
  want: { type: "file", content: DIGEST, owner: "root", group: "root", mode: "0644" },
};

/** The form of a policy file. The file's text is checked in tenant-content.ts. */
const policy: ItemForm = {
  address: { kind: "file", path: LINE },
  want: { type: "file", content: DIGEST, owner: "root", group: "root", mode: "0600" },
};

/** The form of the file with the digest of an agent's identity. The file's text is checked in tenant-content.ts. */
const identityDigest: ItemForm = {
  address: { kind: "file", path: LINE, conversation: /^(fresh|resume)$/ },
  want: { type: "file", content: DIGEST, owner: "root", group: "root", mode: "0644" },
};

/** Returns the form of a model item. The host only observes such an item. */
const model = ({ unit, user, home }: ScopedAgent): ItemForm => ({
  address: {
    kind: "model",
    unit,
    "option?": /^--?[a-z-]{1,50}$/,
    "others?": isJson,
    "sessions?": /^(claude|codex|pi)$/,
    "user?": user,
    "home?": home,
  },
  want: { "provider?": LINE, "model?": LINE },
});

/** Returns the form of an item for the running version of a runtime. The host only observes such an item. */
const running = ({ unit }: ScopedAgent): ItemForm => ({
  address: { kind: "running", unit, name: /^[a-z][a-z0-9-]{0,30}$/, "off?": LINE },
  want: { running: LINE, "updater?": "off" },
});

/**
 * Returns the form of a checkout. A tenant's stack can use only a URL, from which the host fetches as the agent's user,
 * and can restart only the agent's own unit.
 */
const checkout = ({ user, unit, home }: ScopedAgent): ItemForm => ({
  address: {
    kind: "checkout",
    folder: (value) => typeof value === "string" && posix.normalize(value) === value && isWithin(home, value),
    actor: user,
    from: (value) => typeof value === "string" && LINE.test(value) && isRemote(value),
    keep: (value) => linesOf(value).every((line) => LINE.test(line) && !line.split("/").includes("..")),
    restarts: (value) => linesOf(value).every((line) => line === unit || line.startsWith(`${unit} `)),
    notify: unit,
    "restart?": /^(never|when-idle|now)$/,
    "within?": (value) => typeof value === "number" && value > 0,
  },
  want: { type: "checkout", revision: /^[0-9a-f]{40}$/, changes: "none", remote: LINE },
});

function linesOf(value: unknown): string[] {
  return typeof value === "string" ? value.split("\n").filter((line) => line !== "") : ["\n"];
}

function isJson(value: unknown): boolean {
  try {
    return typeof value === "string" && value.length < 10_000 && isMap(JSON.parse(value));
  } catch {
    return false;
  }
}

/**
 * Returns the form of a program item. The host only checks, with the rights of the agent's user, that the program
 * exists.
 */
const program = (agent: ScopedAgent): ItemForm => ({
  address: {
    kind: "program",
    unit: (unit) => unit === agent.unit || jobUnitOf(agent, unit)?.kind === "service",
    name: LINE,
    search: /^[^\p{Cc}]{0,32768}$/u,
    workdir: LINE,
    "home?": LINE,
    "argument?": LINE,
    "hidden?": LINE,
    actor: agent.user,
  },
  want: { found: true },
});

const timer = (name: string): ItemForm => ({
  address: {
    kind: "timer",
    name,
    service: name.replace(/\.timer$/, ".service"),
    schedule: /^[A-Za-z0-9*,./:~ +_;-]{1,6000}$/,
  },
  want: { enabled: "enabled", active: "running", overrides: "none" },
});

const unit = ({ unit }: ScopedAgent): ItemForm => ({
  address: { kind: "unit", name: unit },
  want: { enabled: /^(enabled|disabled)$/, "active?": /^(running|stopped)$/, overrides: "none" },
});

/**
 * Returns the form of an agent's limits. The limits apply within the tenant's limits, which the platform sets on the
 * tenant's slice.
 */
const limits = ({ unit }: ScopedAgent): ItemForm => ({
  address: { kind: "limits", name: unit },
  want: { "memory?": /^[1-9]\d{0,6}[MG]$/, "cpu?": isAmount, "tasks?": isAmount },
});

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}

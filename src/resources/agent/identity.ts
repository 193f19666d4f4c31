import { createHash } from "node:crypto";
import { join } from "node:path";
import { mapValues } from "../../base/objects.ts";
import type { AgentSpec, Fleet, IdentityFile, IdentitySpec } from "../../config/fleet.ts";
import { identityDigestFile } from "../../model/host-paths.ts";
import type { DirectoryItem, FileItem, Items } from "../../model/items.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import type { Runtime } from "../../runtimes/runtime.ts";
import type { Compiler } from "../definition.ts";
import { hasAccount, homeFolder, homePath, userOf } from "../linux-users.ts";
import { rootFile } from "../root-files.ts";
import { unitName } from "../unit-names.ts";
import { checkoutItem } from "./checkout.ts";
import type { AgentPartDefinition } from "./part.ts";
import { readAtStart } from "./read-at-start.ts";
import { settingsFiles } from "./settings-files.ts";

const IDENTITY_DIGEST = "digest of the identity";

/** An agent's Linux user, its home, the files of its identity in the home, such as SOUL.md, and its checkout. */
export const identityPart: AgentPartDefinition = {
  part: "identity",
  build: (fleet, compiler) => (agent) => {
    const own = files(fleet, agent, compiler);
    return {
      ...place(fleet, agent),
      ...own,
      ...digestOf(fleet, agent, compiler),
      ...workFolder(agent),
      ...checkoutItem(fleet, agent, own),
    };
  },
};

/**
 * Returns the user and the home. With `isolation: tenant`, the user is an item of the tenant. The agent then gets only
 * a folder that this user owns.
 */
function place(fleet: Fleet, agent: AgentSpec): Items {
  const { user, home, tenant } = agent;
  const fate = agent.onRemove === "delete" ? "wipe" : "aside";
  const own = homeFolder(home, user, tenant, fate, unitName(agent));
  if (hasAccount(fleet, agent)) return own;
  if (fleet.tenants[tenant]?.isolation !== "tenant") return { ...userOf([agent]), ...own };
  return home === homePath(user) ? {} : homeFolder(home, user, tenant, fate);
}

/**
 * Returns the working directory of the agent's program if this directory is inside the home. This folder must exist,
 * because systemd does not start a unit without its working directory.
 */
function workFolder({ workdir, home, user, tenant }: AgentSpec): Record<string, DirectoryItem> {
  if (!workdir.startsWith(`${home}/`)) return {};
  const want = { type: "directory", owner: user, group: tenant, mode: "0700" } as const;
  return { "working directory": { kind: "directory", path: workdir, actor: user, want } };
}

/**
 * Returns the declared files of the identity, copies of these files at the paths at which the agent's runtime reads
 * them, and the settings of the runtime. If a copy and a declared file have the same path, only the declared file is
 * used. If settings and a declared file have the same path, they are merged.
 */
function files(fleet: Fleet, agent: AgentSpec, compiler: Compiler): Items {
  const declared = fleet.identities[agent.identity]?.files ?? {};
  const texts = mapValues(declared, ({ text }) => text);
  const mode = declared["SOUL.md"]?.mode ?? "0644";
  const runtime = runtimeOf(agent.runtime);
  const read = mapValues(runtime.identity(texts), (text, path) => ({
    text,
    mode,
    ...(isWrittenOnce(runtime, declared, path) && { write: "once" as const }),
  }));
  const settings = settingsFiles(agent.settings, declared);
  const programs = mapValues(agent.settings.programs ?? {}, (text) => ({ text, mode: "0644" }));
  const others = Object.entries({ ...read, ...declared }).filter(([path]) => !Object.hasOwn(settings, path));
  return {
    ...mapValues(settings, (file, path) => ({
      ...identityFile(agent, path, file, compiler),
      ...readAtStart(agent),
    })),
    ...mapValues(Object.fromEntries(others), (file, path) => identityFile(agent, path, file, compiler)),
    ...mapValues(programs, (file, path) => ({
      ...identityFile(agent, path, file, compiler),
      ...readAtStart(agent),
    })),
  };
}

/**
 * Returns the file with the digest of the texts that the runtime reads as the agent's identity. By this digest,
 * muster-session and the deadman know whether a conversation has a former identity. Returns nothing if a conversation
 * that continues gets each change of the identity at once. Files with `write: once` do not count, because they belong to
 * the agent.
 */
function digestOf(fleet: Fleet, agent: AgentSpec, { keep }: Compiler): Items {
  const { name, onIdentityChange } = agent;
  const { readsIdentity, identity } = runtimeOf(agent.runtime);
  if (readsIdentity === undefined || (readsIdentity === "always" && onIdentityChange === "resume")) return {};
  const all = Object.entries(fleet.identities[agent.identity]?.files ?? {});
  const declared = Object.fromEntries(
    all.flatMap(([path, { text, write }]) => (write === "once" ? [] : [[path, text] as const])),
  );
  const read = Object.entries(identity(declared)).map(([path, text]) => [path, declared[path] ?? text]);
  const digest = createHash("sha256").update(JSON.stringify(read.sort())).digest("hex");
  const file = rootFile(identityDigestFile(name), keep(`${digest} ${onIdentityChange}\n`), "0644");
  return { [IDENTITY_DIGEST]: { ...file, conversation: onIdentityChange } };
}

/** Whether all declared files that the runtime reads at a path have `write: once`. */
function isWrittenOnce(runtime: Runtime, declared: IdentitySpec["files"], path: string): boolean {
  const empty = runtime.identity({})[path];
  const sources = Object.keys(declared).filter((name) => runtime.identity({ [name]: "x" })[path] !== empty);
  return sources.length > 0 && sources.every((name) => declared[name]?.write === "once");
}

function identityFile(agent: AgentSpec, path: string, file: IdentityFile, compiler: Compiler): FileItem {
  return {
    kind: "file",
    path: join(agent.home, path),
    actor: agent.user,
    ...(file.write && { write: file.write }),
    want: {
      type: "file",
      content: compiler.keep(file.text),
      owner: agent.user,
      group: agent.tenant,
      mode: file.mode,
    },
  };
}

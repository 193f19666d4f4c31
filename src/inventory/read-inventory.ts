import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Document, LineCounter, parseDocument } from "yaml";
import { InvalidError } from "../base/errors.ts";
import type { HostKindName } from "../config/host-spec.ts";
import { recall, remember } from "../config/yaml/parse-cache.ts";
import { byKind, HOST_KINDS } from "../host-kinds/registry.ts";
import { type Inventory, inventoryFile } from "./inventory-file.ts";
import type { InventoryHost } from "./inventory-host.ts";

/**
 * Reads all inventory files. A missing file counts as a file without hosts.
 *
 * @throws InvalidError with file and line if a file is invalid
 */
export function readInventory(projectDir: string): Inventory {
  return byKind((kind) => readHosts(projectDir, kind));
}

/** Returns the login with which `up` last reached each host. Omits hosts without a recorded login. */
export function recordedLogins(projectDir: string): ReadonlyMap<string, string> {
  const hosts = Object.values(readInventory(projectDir)).flatMap((known) => [...known]);
  return new Map(hosts.flatMap(([name, { user }]) => (user === undefined ? [] : [[name, user] as const])));
}

/** Reads the hosts of one kind. Does not parse a file again that has not changed since the last read. */
export function readHosts(projectDir: string, kind: HostKindName): Map<string, InventoryHost> {
  const file = inventoryFile(projectDir, kind);
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return new Map();
  const version = `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
  const known = lastRead.get(file);
  const hosts = known?.version === version ? known.hosts : parseHosts(projectDir, kind, file);
  lastRead.set(file, { version, hosts });
  return new Map(hosts);
}

/**
 * The last result for each file, which is kept because a run reads the files once per host. Each write replaces the
 * file and changes its version.
 */
const lastRead = new Map<string, { version: string; hosts: ReadonlyMap<string, InventoryHost> }>();

function parseHosts(projectDir: string, kind: HostKindName, file: string): Map<string, InventoryHost> {
  const text = readFileSync(file, "utf8");
  const hosts = (recall(text) ?? parseValid(kind, text)) as Record<string, InventoryHost>;
  return new Map(Object.entries(hosts).map(([name, host]) => [name, withAbsoluteKeyFile(projectDir, host)]));
}

/** Parses the text of an inventory file, and caches the result if the text is valid. */
function parseValid(kind: HostKindName, text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const refuse = (offset: number, why: string): never => {
    throw new InvalidError({
      where: `${HOST_KINDS[kind].inventory.path}:${lines.linePos(offset).line}`,
      what: "the inventory is invalid",
      why,
      next: "Restore the file's last valid version from git, or remove the host's entry and run `npx pulumi up`.",
    });
  };
  const [error] = document.errors;
  if (error) refuse(error.pos[0], `${error.message.split("\n")[0]?.replace(/ at line .*/, "")}.`);
  const problem = firstProblem(document.toJS());
  if (problem) refuse(offsetOf(document, problem.path), problem.why);
  const { hosts } = document.toJS() as { hosts: unknown };
  remember(text, hosts);
  return hosts;
}

interface Problem {
  readonly path: readonly string[];
  readonly why: string;
}

type Rule = readonly [test: (value: unknown) => boolean, form: string];

const TEXT: Rule = [
  (value) => typeof value === "string" && /^[^\s-]\S*$/.test(value),
  "one word that does not begin with a dash",
];
const FIELDS: Readonly<Record<keyof InventoryHost, Rule>> = {
  address: TEXT,
  port: [(value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536, "a port number"],
  user: TEXT,
  identityFile: [(value) => typeof value === "string", "a path"],
  machine: TEXT,
  replace: [(value) => typeof value === "string", "a string"],
  hostKeys: [
    (value) => Array.isArray(value) && value.every((key) => /^[\w@.-]+ [\w+/=]+$/.test(String(key))),
    "a list of public keys",
  ],
};

function firstProblem(content: unknown): Problem | undefined {
  const hosts = isMap(content) ? content["hosts"] : undefined;
  if (!isMap(hosts)) return { path: [], why: "it must have a map `hosts` with a key for each host." };
  return Object.entries(hosts)
    .flatMap(([name, host]) => problemsOf(name, host))
    .at(0);
}

function problemsOf(name: string, host: unknown): Problem[] {
  if (!isMap(host)) return [{ path: ["hosts", name], why: `hosts.${name} must be a map.` }];
  const missing = ["address", "hostKeys"].filter((field) => !(field in host));
  const unknown = Object.keys(host).filter((field) => !(field in FIELDS));
  const wrong = Object.entries(FIELDS).filter(([field, [test]]) => field in host && !test(host[field]));
  const at = (field: string) => ["hosts", name, field];
  return [
    ...missing.map((field) => ({ path: ["hosts", name], why: `hosts.${name} has no ${field}.` })),
    ...unknown.map((field) => ({ path: at(field), why: `hosts.${name}.${field} is not a known field.` })),
    ...wrong.map(([field, [, form]]) => ({
      path: at(field),
      why: `hosts.${name}.${field} must be ${form}.`,
    })),
  ];
}

function offsetOf(document: Document, path: readonly string[]): number {
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  return node?.range?.[0] ?? 0;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withAbsoluteKeyFile(projectDir: string, host: InventoryHost): InventoryHost {
  if (host.identityFile === undefined) return host;
  return { ...host, identityFile: resolve(projectDir, host.identityFile) };
}

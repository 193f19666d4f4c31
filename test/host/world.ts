import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Host } from "../../src/host/context.ts";
import { moveHooks } from "../../src/host/moves/lifecycle-hooks.ts";
import { converge } from "../../src/host/reconcile/converge.ts";
import { observe } from "../../src/host/reconcile/observe.ts";
import { removeResource } from "../../src/host/reconcile/remove.ts";
import { type RunProgram, runProgram } from "../../src/host/system/run-program.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { Contents, FileItem, HostItem, Items, RowsItem } from "../../src/model/items.ts";
import type { ConvergeAnswer, ConvergeRequest, Observed } from "../../src/model/protocol.ts";

export const OWNER = "arc/main";

/** A resource without parts, which most tests use. */
const SERVICE = { id: "hub/iris/service", type: "Service" } as const;

/** A resource with parts. Its items have names such as `identity:SOUL.md`. */
export const AGENT = { id: "hub/iris/agent", type: "Agent" } as const;

const PROGRAM = join(import.meta.dirname, "..", "..", "src", "host", "main.ts");

/** A user of a world. By default, a world has one user, whose ID is that of the user who runs the test. */
export interface Person {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const { uid, gid } = userInfo();
export const IRIS: Person = { name: "iris", uid, gid };

/** A host in a temporary folder, with real files, real SQLite, and the accounts that the test chooses. */
export interface World {
  readonly dir: string;
  readonly host: Host;
  home(person?: Person): string;
  file(path: string, text: string, more?: Partial<FileItem["want"]> & Partial<FileItem>): FileItem;
  up(items: Items, more?: Partial<ConvergeRequest>): ConvergeAnswer;
  observe(items?: Items, sent?: Contents): Observed;
  down(items?: Items): readonly string[];
}

/** Makes a world with an agent as its resource. @param runs starts the programs of the host */
export function makeAgentWorld(runs?: RunProgram): World {
  return makeWorld([IRIS], runs, AGENT);
}

/**
 * Makes a host in a temporary folder, which is removed after the test.
 *
 * @param runs starts the programs of the host
 * @param resource the resource that is converged, observed and removed if a test names no other resource
 */
export function makeWorld(
  people: readonly Person[] = [IRIS],
  runs: RunProgram = runProgram,
  resource: Pick<ConvergeRequest, "id" | "type"> = SERVICE,
): World {
  const { id } = resource;
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "muster-host-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const host: Host = { ...hostIn(dir, people), run: runs };
  const contents: Record<string, string> = {};
  const home = (person = people[0] ?? IRIS) => join(dir, "home", person.name);
  return {
    dir,
    host,
    home,
    file: (path, text, more = {}) => {
      const { secret, envName, actor = people[0]?.name, notify, ...want } = more;
      contents[digestOf(text)] = text;
      const base = {
        type: "file",
        content: digestOf(text),
        owner: "iris",
        group: "iris",
        mode: "0600",
      } as const;
      return {
        kind: "file",
        path,
        ...(actor && { actor }),
        ...(secret && { secret }),
        ...(envName && { envName }),
        ...(notify && { notify }),
        want: { ...base, ...want },
      };
    },
    up: (items, more = {}) =>
      converge(host, {
        op: "converge",
        ...resource,
        owner: OWNER,
        items,
        contents: { ...contents } as Contents,
        secrets: {},
        ...more,
      }),
    observe: (items, sent) => {
      const resources = items && { resources: [{ id, items }] };
      const answer = observe(host, {
        op: "observe",
        owner: OWNER,
        ...resources,
        ...(sent && { contents: sent }),
      });
      const seen = answer.resources[id];
      if (seen === undefined) throw new Error(`the host reported nothing about ${id}`);
      return seen;
    },
    down: (items = {}) => removeResource(host, { op: "remove", id, owner: OWNER, items }).aside,
  };
}

function hostIn(dir: string, people: readonly Person[]): Host {
  for (const name of ["etc", "home", "scratch", "state"]) mkdirSync(join(dir, name));
  const passwd = people.map((p) => `${p.name}:x:${p.uid}:${p.gid}::${join(dir, "home", p.name)}:/bin/sh\n`);
  writeFileSync(join(dir, "etc/passwd"), passwd.join(""));
  writeFileSync(join(dir, "etc/group"), people.map((p) => `${p.name}:x:${p.gid}:\n`).join(""));
  for (const person of people) mkdirSync(join(dir, "home", person.name), { mode: 0o700 });
  const state = join(dir, "state");
  const paths = {
    crontabs: join(dir, "crontabs"),
    atJobs: join(dir, "atjobs"),
    linger: join(dir, "linger"),
    mounts: "/proc/self/mounts",
    state,
    records: join(state, "records"),
    contents: join(state, "contents"),
    installations: join(dir, "runtimes"),
    archives: join(state, "archives"),
    key: join(state, "key"),
    lock: join(dir, "lock"),
    aside: join(dir, "aside"),
    units: join(dir, "units"),
    runtimeUnits: join(dir, "runtime-units"),
    settings: join(dir, "settings"),
    etc: join(dir, "etc"),
    dpkg: join(dir, "dpkg"),
    programs: join(dir, "programs"),
    scratch: join(dir, "scratch"),
    hostd: join(state, "hostd"),
    hostdView: join(dir, "view"),
    identities: join(dir, "identities"),
    metrics: join(dir, "metrics"),
  };
  return {
    bundle: "test",
    program: PROGRAM,
    paths,
    run: runProgram,
    hooks: [moveHooks],
    loginUids: new Set(),
  };
}

export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Returns a declared contact book, and a map from the digest of its rows to the text of these rows. */
export function book(path: string, table: Table, actor = "iris"): { item: RowsItem; contents: Contents } {
  const text = JSON.stringify(table);
  const want = { type: "file", rows: digestOf(text), owner: actor, group: actor, mode: "0600" } as const;
  return {
    item: { kind: "rows", path, actor, table: "contacts", want },
    contents: { [digestOf(text)]: text },
  };
}

/** Returns the observed properties of all items that are unknown or not as declared, by `ITEM.PROPERTY`. */
export function drift(seen: Observed): Record<string, unknown> {
  const entries = Object.entries(seen.items).flatMap(([name, item]) => driftOf(name, item, seen));
  return Object.fromEntries(entries);
}

function driftOf(name: string, item: HostItem, { observed }: Observed): [string, unknown][] {
  const observation = observed[name];
  if (observation === undefined || "unknown" in observation) return [[name, observation]];
  return Object.entries(item.want)
    .filter(([property, wanted]) => observation.props[property] !== wanted)
    .map(([property]) => [`${name}.${property}`, observation.props[property]]);
}

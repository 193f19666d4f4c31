import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Data } from "./data.ts";

export interface Store {
  readonly data: Data;
  /** Writes the file atomically: after a kill, either the old or the new file exists. */
  save(): void;
  nextId(): number;
}

/** The droplet quota of a new account. Tests can set another quota. */
const DROPLET_LIMIT = 25;

export function openStore(dir: string): Store {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "cloud.json");
  const data = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Data) : empty();
  return {
    data,
    save: () => {
      writeFileSync(`${file}.new`, JSON.stringify(data), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    nextId: () => data.nextId++,
  };
}

function empty(): Data {
  return {
    // The number is as large as real IDs, to detect code that assumes small IDs.
    nextId: 400_000_001,
    droplets: [],
    keys: [],
    firewalls: [],
    reservedIps: [],
    volumes: [],
    projects: [],
    vpcs: [],
    tags: [],
    actions: [],
    tokens: {},
    dropletLimit: DROPLET_LIMIT,
    dropletsMade: 0,
    requests: {},
  };
}

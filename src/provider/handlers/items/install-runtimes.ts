import { closeSync, openSync, readSync, statSync } from "node:fs";
import { MusterError } from "../../../base/errors.ts";
import type { Integrity, Pinned } from "../../../model/installation.ts";
import type { Contents, InstallationItem, Items } from "../../../model/items.ts";
import { SUPPLY_CHUNK } from "../../../model/protocol.ts";
import type { HostChanger, ProviderContext } from "../../context.ts";
import type { HandlerCall } from "../handler.ts";

/**
 * The number of attempts to send archives before the installation fails. A second attempt is needed if another run has
 * removed the archives.
 */
const MOST_ATTEMPTS = 3;

/**
 * The last started installation on each host. The next installation waits for it, because a host installs one version
 * at a time.
 */
const turns = new Map<string, Promise<unknown>>();

/**
 * Installs the versions of runtimes that a resource declares, before the resource is converged. The host downloads the
 * archives that it can reach, and receives the other archives over the connection.
 */
export async function installRuntimes(
  context: ProviderContext,
  call: HandlerCall,
  host: string,
  items: Items,
  contents: Contents,
): Promise<void> {
  for (const item of Object.values(items)) {
    if (item.kind !== "installation") continue;
    const writer = await context.hosts.writer(host);
    const next = (turns.get(host) ?? Promise.resolve()).then(() =>
      installOne(context, call, writer, host, item, contents),
    );
    turns.set(
      host,
      next.catch(() => undefined),
    );
    await next;
  }
}

async function installOne(
  { archives: source }: ProviderContext,
  call: HandlerCall,
  writer: HostChanger,
  host: string,
  { name, origins = "", want }: InstallationItem,
  contents: Contents,
): Promise<void> {
  const text = contents[want.integrity] ?? "";
  const pinned = JSON.parse(text) as Pinned;
  const addresses = origins.split(" ").filter((one) => one !== "");
  // The archive source is used only after the host has reported that it does not have the version.
  let urls: Readonly<Record<string, string>> = {};
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const { missing } = await writer.install({ op: "install", name, pinned: text, urls });
    if (missing.length === 0) return;
    const wanted = pinned.archives.filter(({ integrity }) => missing.includes(integrity));
    if (attempt === 1) {
      urls = await source.urls(pinned, wanted, addresses);
      if (Object.keys(urls).length > 0) continue;
    }
    await sendAll(
      call,
      writer,
      host,
      `${name} ${want.version}`,
      await source.files(pinned, wanted, addresses),
    );
  }
  const { missing } = await writer.install({ op: "install", name, pinned: text, urls: {} });
  if (missing.length === 0) return;
  const why = "the host has lost the archives that were sent.";
  throw new MusterError({ where: host, what: `${name} ${want.version} was not installed`, why });
}

async function sendAll(
  call: HandlerCall,
  writer: HostChanger,
  host: string,
  what: string,
  files: ReadonlyMap<Integrity, string>,
): Promise<void> {
  const bytes = [...files.values()].reduce((total, file) => total + statSync(file).size, 0);
  await call.log("info", `${host}: sending ${what} to the host, ${Math.ceil(bytes / 1e6)} MB`);
  for (const [integrity, file] of files) await send(writer, integrity, file);
}

/** Sends an archive or another file to a host, which verifies its digest. */
export async function send(writer: HostChanger, integrity: string, file: string): Promise<void> {
  const { size } = statSync(file);
  const fd = openSync(file, "r");
  const part = Buffer.alloc(SUPPLY_CHUNK);
  try {
    for (let at = 0; at === 0 || at < size; at += SUPPLY_CHUNK) {
      const got = readSync(fd, part, 0, SUPPLY_CHUNK, at);
      const bytes = part.toString("base64", 0, got);
      await writer.supply({ op: "supply", integrity, isFirst: at === 0, isLast: at + got >= size, bytes });
    }
  } finally {
    closeSync(fd);
  }
}

import type { HostSpec } from "../fleet.ts";
import { formerNames } from "../renames.ts";
import type { RawHost } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import { cloudWritten, withoutComment } from "./cloud.ts";
import { anywherePath, type Resolver } from "./context.ts";
import { dropletOf } from "./droplet.ts";

/** OpenSSH itself waits for minutes; a host that is up answers in far less than this. */
const CONNECT_TIMEOUT = 10;

/** A host with its defaults. */
export const resolveHost: Resolver<RawHost, HostSpec> = (name, raw, keys, context) => {
  const { home, source } = context;
  const connectTimeout = secondsOf(raw.connectTimeout ?? CONNECT_TIMEOUT);
  const availability = raw.availability ?? "always";
  const formerly = formerNames(source, "hosts", name);
  // What is on a droplet's disk cannot be made again, and a run can delete the disk.
  const protect = raw.protect ?? raw.kind === "droplet";
  const common = {
    ...{ name, connectTimeout, availability, formerly, protect },
    ...(raw.healthy && { healthy: raw.healthy }),
  };
  if (raw.kind === "local") return { kind: "local", ...common };
  const isDroplet = raw.kind === "droplet";
  const key = raw.identityFile ?? (isDroplet ? cloudWritten(context).identityFile : undefined);
  const login = {
    ...(raw.port !== undefined && { port: raw.port }),
    ...(raw.user !== undefined && { user: raw.user }),
    ...(key !== undefined && { identityFile: anywherePath(home, key) }),
    hostKeys: (raw.hostKeys ?? []).map(withoutComment),
  };
  const observe = raw.observe !== undefined && { observe: raw.observe };
  if (!isDroplet) return { kind: "ssh", address: raw.address ?? "", ...login, ...observe, ...common };
  const droplet = dropletOf(name, raw, keys, context);
  return droplet && { kind: "droplet", droplet, user: "root", ...login, ...common };
};

import type { HostSpec } from "../fleet.ts";
import { formerNames } from "../moved.ts";
import { type RawHost, secondsOf } from "../raw.ts";
import { anywherePath, type Resolver } from "./context.ts";

/** OpenSSH itself waits for minutes; a host that is up answers in far less than this. */
const CONNECT_TIMEOUT = 10;

/** A host with its defaults. */
export const resolveHost: Resolver<RawHost, HostSpec> = (name, raw, _keys, { home, source }) => {
  const connectTimeout = secondsOf(raw.connectTimeout ?? CONNECT_TIMEOUT);
  const availability = raw.availability ?? "always";
  const lasting = {
    formerly: formerNames(source, "hosts", name),
    protect: raw.protect ?? false,
    ...(raw.healthy && { healthy: raw.healthy }),
  };
  if (raw.kind === "local") return { kind: "local", name, connectTimeout, availability, ...lasting };
  return {
    kind: "ssh",
    name,
    address: raw.address,
    ...(raw.port !== undefined && { port: raw.port }),
    ...(raw.user !== undefined && { user: raw.user }),
    ...(raw.identityFile !== undefined && { identityFile: anywherePath(home, raw.identityFile) }),
    hostKeys: (raw.hostKeys ?? []).map(withoutComment),
    connectTimeout,
    availability,
    ...(raw.observe !== undefined && { observe: raw.observe }),
    ...lasting,
  };
};

function withoutComment(key: string): string {
  return key.split(" ").slice(0, 2).join(" ");
}

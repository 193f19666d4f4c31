import type { HostSpec } from "../fleet.ts";
import { type RawHost, secondsOf } from "../raw.ts";
import { anywherePath, type Resolver } from "./context.ts";

/** OpenSSH itself waits for minutes; a host that is up answers in far less than this. */
const CONNECT_TIMEOUT = 10;

/** A host with its defaults. */
export const resolveHost: Resolver<RawHost, HostSpec> = (name, raw, _keys, { dir }) => {
  const connectTimeout = secondsOf(raw.connectTimeout ?? CONNECT_TIMEOUT);
  const availability = raw.availability ?? "always";
  if (raw.kind === "local") return { kind: "local", name, connectTimeout, availability };
  return {
    kind: "ssh",
    name,
    address: raw.address,
    ...(raw.port !== undefined && { port: raw.port }),
    ...(raw.user !== undefined && { user: raw.user }),
    ...(raw.identityFile !== undefined && { identityFile: anywherePath(dir, raw.identityFile) }),
    hostKeys: (raw.hostKeys ?? []).map(withoutComment),
    connectTimeout,
    availability,
  };
};

function withoutComment(key: string): string {
  return key.split(" ").slice(0, 2).join(" ");
}

import type { RawHost } from "../config/fleet-yaml-types.ts";
import type { RemoteHostSpec } from "../config/host-spec.ts";
import { anywherePath, type Context } from "../config/resolve/context.ts";

/** Returns the declared login of a host. @param identityFile the key file if the host declares no key file */
export function remoteLogin(
  raw: RawHost,
  { home }: Context,
  identityFile?: string,
): Pick<RemoteHostSpec, "port" | "user" | "identityFile" | "hostKeys"> {
  const key = raw.identityFile ?? identityFile;
  return {
    ...(raw.port !== undefined && { port: raw.port }),
    ...(raw.user !== undefined && { user: raw.user }),
    ...(key !== undefined && { identityFile: anywherePath(home, key) }),
    hostKeys: (raw.hostKeys ?? []).map(withoutComment),
  };
}

/** Returns a public key without its comment: only the type and the key. */
export function withoutComment(key: string): string {
  return key.split(" ").slice(0, 2).join(" ");
}

import type { RemoteHostSpec } from "../config/host-spec.ts";
import { anywherePath, type Context } from "../config/resolve/context.ts";
import type { RawHost } from "../config/yaml-types.ts";

/** How fleet.yaml says to log in to a host. @param identityFile the key, where the host itself names none */
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

/** A public key as two words, without its comment. */
export function withoutComment(key: string): string {
  return key.split(" ").slice(0, 2).join(" ");
}

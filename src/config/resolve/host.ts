import { HOST_KINDS } from "../../host-kinds/registry.ts";
import type { HostSpec } from "../fleet.ts";
import type { RawHost } from "../fleet-yaml-types.ts";
import { formerNames } from "../renames.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Resolver } from "./context.ts";

/**
 * The default `connectTimeout` in seconds. Without a timeout, OpenSSH would wait for minutes, although a running host
 * answers within 10 s.
 */
const CONNECT_TIMEOUT = 10;

/** Resolves a host. Fills in the defaults for all hosts and the defaults for the host's kind. */
export const resolveHost: Resolver<RawHost, HostSpec> = (name, raw, keys, context) => {
  const kind = HOST_KINDS[raw.kind];
  const common = {
    name,
    connectTimeout: secondsOf(raw.connectTimeout ?? CONNECT_TIMEOUT),
    availability: raw.availability ?? "always",
    formerly: formerNames(context.source, "hosts", name),
    protect: raw.protect ?? kind.isProtected,
    ...(raw.healthy && { healthy: raw.healthy }),
    ...(raw.handoff && { handoff: raw.handoff }),
  };
  return kind.resolve(raw, common, keys, context);
};

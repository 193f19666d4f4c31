import { HOST_KINDS } from "../../host-kinds/registry.ts";
import type { HostSpec } from "../fleet.ts";
import { formerNames } from "../renames.ts";
import type { RawHost } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Resolver } from "./context.ts";

/** Seconds. OpenSSH itself would wait for minutes; a running host answers much faster than this. */
const CONNECT_TIMEOUT = 10;

/** Resolves a host with the defaults of all hosts and of its kind. */
export const resolveHost: Resolver<RawHost, HostSpec> = (name, raw, keys, context) => {
  const kind = HOST_KINDS[raw.kind];
  const common = {
    name,
    connectTimeout: secondsOf(raw.connectTimeout ?? CONNECT_TIMEOUT),
    availability: raw.availability ?? "always",
    formerly: formerNames(context.source, "hosts", name),
    protect: raw.protect ?? kind.isProtected,
    ...(raw.healthy && { healthy: raw.healthy }),
  };
  return kind.resolve(raw, common, keys, context);
};

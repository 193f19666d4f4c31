import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../../../base/errors.ts";
import type { ProgressLine } from "../call-helper.ts";
import type { HelperAnswers, HelperCommand, HelperRequest } from "../helper-protocol.ts";
import { type HostPaths, hostPaths } from "../local-host-paths.ts";
import { ensureBase } from "./base-image.ts";
import { bootHost } from "./boot-host.ts";
import { createHost } from "./create-host.ts";
import { withHelperLock } from "./helper-lock.ts";
import { cleanHost, removeHost } from "./remove-host.ts";
import { stopHost } from "./stop-host.ts";

type Commands = {
  readonly [C in HelperCommand]: (
    request: HelperRequest,
    progress: ProgressLine,
  ) => Promise<HelperAnswers[C]>;
};

/** The commands of the helper, by name. */
export const commands: Commands = {
  prepare: async ({ local, node }, progress) => ({ base: await ensureBase(local, node, progress) }),
  create: async (request, progress) => {
    const base = await ensureBase(request.local, request.node, progress);
    return oneAtATime(request, async (host) => {
      await createHost(host, request, base);
      return bootHost(host);
    });
  },
  boot: (request) => oneAtATime(request, bootHost),
  stop: (request) => oneAtATime(request, async (host) => stopHost(host)),
  remove: (request) => oneAtATime(request, removeHost),
  clean: ({ local }) => withHelperLock("base", () => cleanHost(local)),
};

/**
 * Runs `work` while holding the lock of the host, so that two runs cannot change the same host at the same
 * time.
 */
async function oneAtATime<T>(request: HelperRequest, work: (host: HostPaths) => Promise<T>): Promise<T> {
  const { local, project, name } = request;
  if (name === undefined)
    throw new MusterError({ what: "local hosts: invalid request", why: "`name` is missing." });
  const host = hostPaths(local, project, name);
  mkdirSync(join(local, "hosts"), { recursive: true, mode: 0o755 });
  return withHelperLock(host.id, () => work(host));
}

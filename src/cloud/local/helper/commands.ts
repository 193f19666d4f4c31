import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../../base/errors.ts";
import { type HostPlace, hostPlace } from "../layout.ts";
import type { Progress } from "../privileged.ts";
import type { HelperAnswers, HelperCommand, HelperRequest } from "../wire.ts";
import { ensureBase } from "./base.ts";
import { boot } from "./boot.ts";
import { clean } from "./clean.ts";
import { createHost } from "./create.ts";
import { withLock } from "./lock.ts";
import { remove } from "./remove.ts";
import { stop } from "./stop.ts";

type Commands = {
  readonly [C in HelperCommand]: (request: HelperRequest, progress: Progress) => Promise<HelperAnswers[C]>;
};

/** What the helper can do, by name. */
export const commands: Commands = {
  prepare: async ({ local, node }, progress) => ({ base: await ensureBase(local, node, progress) }),
  create: async (request, progress) => {
    const base = await ensureBase(request.local, request.node, progress);
    return oneAtATime(request, async (host) => {
      await createHost(host, request, base);
      return boot(host);
    });
  },
  boot: (request) => oneAtATime(request, boot),
  stop: (request) => oneAtATime(request, async (host) => stop(host)),
  remove: (request) => oneAtATime(request, remove),
  clean: ({ local }) => withLock("base", () => clean(local)),
};

/** Two runs may want the same host at once: the second waits, then finds it as the first left it. */
async function oneAtATime<T>(request: HelperRequest, work: (host: HostPlace) => Promise<T>): Promise<T> {
  const { local, project, name } = request;
  if (name === undefined) throw new MusterError({ what: "local hosts", why: "the request names no host." });
  const host = hostPlace(local, project, name);
  mkdirSync(join(local, "hosts"), { recursive: true, mode: 0o755 });
  return withLock(host.id, () => work(host));
}

import { makeActions } from "./actions.ts";
import { type Admin, makeAdmin } from "./admin.ts";
import { beginCreation } from "./api/droplet-lifecycle.ts";
import { apiRoutes } from "./api/routes.ts";
import type { Context, Settings } from "./context.ts";
import { existing } from "./data.ts";
import { makeFaults } from "./faults.ts";
import type { Machines } from "./machines/machines.ts";
import { serveApi } from "./server.ts";
import { openStore } from "./store.ts";

export type { Admin, ShownDroplet, ShownFirewall } from "./admin.ts";

export interface Cloud {
  readonly url: string;
  /** A token with all rights. */
  readonly token: string;
  readonly admin: Admin;
  /** The error messages of failed background work. */
  readonly failures: readonly string[];
  /** Stops the server. The droplets remain, and the next server with the same folder continues with these droplets. */
  stop(): Promise<void>;
}

const NO_LIMIT = { requests: Number.POSITIVE_INFINITY, seconds: 60 };

/**
 * Starts a new cloud, or continues the cloud in the folder, including its actions in progress.
 *
 * @param options.dir the folder of all data of the cloud
 * @param options.port 0 for a free port
 */
export async function startCloud(options: {
  dir: string;
  machines: Machines;
  port?: number;
}): Promise<Cloud> {
  const store = openStore(options.dir);
  const settings: Settings = { slow: 0, lag: 0, limit: NO_LIMIT, fates: [] };
  const actions = makeActions(store, () => settings.slow);
  const context: Context = { store, settings, actions, machines: options.machines };
  const faults = makeFaults();
  const admin: Admin = makeAdmin(context, faults, () => api.heard);
  const [token] = Object.entries(store.data.tokens).find(([, rights]) => rights === "all") ?? [];
  const parts = { store, settings, routes: apiRoutes(context), faults, admin: { ...admin } };
  const api = await serveApi(parts, options.port ?? 0);
  resume(context);
  return {
    url: `http://127.0.0.1:${api.port}`,
    token: token ?? admin.makeToken("all"),
    admin,
    failures: actions.failures,
    stop: async () => {
      await api.stop();
      await actions.settled();
      store.save();
    },
  };
}

/** After a kill, marks the unfinished actions as failed, and starts the creation of unfinished droplets again. */
function resume(context: Context): void {
  const { data } = context.store;
  for (const action of data.actions.filter(({ status }) => status === "in-progress"))
    action.status = "errored";
  for (const droplet of existing(data.droplets).filter(({ status }) => status === "new")) {
    beginCreation(context, droplet, []);
  }
}

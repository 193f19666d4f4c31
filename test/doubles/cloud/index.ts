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
  /** Messages of work that failed in the background. */
  readonly failures: readonly string[];
  /** Stops the server. Droplets remain, and the next server on the same folder has them again. */
  stop(): Promise<void>;
}

/**
 * Starts a cloud, or continues the one in a folder, including actions in progress.
 *
 * @param options.dir folder of all its data
 * @param options.port 0 for a free one
 */
export async function startCloud(options: {
  dir: string;
  machines: Machines;
  port?: number;
}): Promise<Cloud> {
  const store = openStore(options.dir);
  const settings: Settings = { slow: 0, lag: 0, fates: [] };
  const actions = makeActions(store, () => settings.slow);
  const context: Context = { store, settings, actions, machines: options.machines };
  const faults = makeFaults();
  const admin: Admin = makeAdmin(context, faults, () => api.heard);
  const [token] = Object.entries(store.data.tokens).find(([, rights]) => rights === "all") ?? [];
  const parts = { store, routes: apiRoutes(context), faults, admin: { ...admin } };
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

/** After a kill, creates the machines of new droplets, and marks every other action as failed. */
function resume(context: Context): void {
  const { data } = context.store;
  for (const action of data.actions.filter(({ status }) => status === "in-progress"))
    action.status = "errored";
  for (const droplet of existing(data.droplets).filter(({ status }) => status === "new")) {
    beginCreation(context, droplet, []);
  }
}

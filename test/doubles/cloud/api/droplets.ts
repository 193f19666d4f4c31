import { shownAction } from "../actions.ts";
import { accepted, type Context, list, noContent, ok, type Routes, visible } from "../context.ts";
import type { Droplet } from "../data.ts";
import { unprocessable } from "../error.ts";
import { canonicalTag, requiredText, texts } from "./body-fields.ts";
import { beginCreation, removeDroplet } from "./droplet-lifecycle.ts";
import { checkedOrder, makeDroplet } from "./droplet-order.ts";
import { findDroplet } from "./find-resource.ts";
import { shownDroplet } from "./shown-droplet.ts";

/**
 * Returns the routes that create, list, show and delete droplets. The actions of droplets are in droplet-actions.ts.
 */
export function dropletRoutes(context: Context): Routes {
  const { store, actions } = context;
  const { data } = store;
  const find = (id: string | undefined): Droplet => findDroplet(context, id);
  const remove = (droplet: Droplet): void => {
    // The action of a stuck droplet never ends, but the droplet can still be deleted.
    const busy = actions.isBusy("droplet", droplet.id) && droplet.fate !== "stuck";
    if (busy) throw unprocessable("Droplet already has a pending event.");
    removeDroplet(context, droplet);
  };
  const tagIn = (query: URLSearchParams) => {
    const tag = query.get("tag_name");
    return tag === null ? null : (canonicalTag(data.tags, tag) ?? tag);
  };
  return {
    "GET /v2/droplets": ({ query }) => {
      const [tag, name] = [tagIn(query), query.get("name")];
      const found = visible(data.droplets).filter(
        (one) => (tag === null || one.tags.includes(tag)) && (name === null || one.name === name),
      );
      return list(
        "droplets",
        found.map((droplet) => shownDroplet(store, droplet)),
      );
    },
    "POST /v2/droplets": ({ body }) => {
      const names =
        body["names"] === undefined
          ? [requiredText(body, "name", "Name can't be blank")]
          : texts(body, "names");
      const order = checkedOrder(context, body, names);
      const made = names.map((name) => makeDroplet(context, name, order));
      const begun = made.map((droplet) => beginCreation(context, droplet, order.volumes));
      const links = { actions: begun.map(({ id }) => ({ id, rel: "create", href: `/v2/actions/${id}` })) };
      const droplets = made.map((droplet) => shownDroplet(store, droplet));
      return accepted(body["names"] === undefined ? { droplet: droplets[0], links } : { droplets, links });
    },
    "DELETE /v2/droplets": ({ query }) => {
      const tag = tagIn(query);
      if (tag === null) throw unprocessable("tag_name is required");
      for (const droplet of visible(data.droplets).filter(({ tags }) => tags.includes(tag))) remove(droplet);
      return noContent;
    },
    "GET /v2/droplets/:id": ({ params }) => ok({ droplet: shownDroplet(store, find(params["id"])) }),
    "DELETE /v2/droplets/:id": ({ params }) => {
      remove(find(params["id"]));
      return noContent;
    },
    "GET /v2/droplets/:id/actions": ({ params }) =>
      list("actions", actions.of("droplet", find(params["id"]).id).map(shownAction)),
    "GET /v2/droplets/:id/actions/:action": ({ params }) =>
      ok({ action: shownAction(actions.get(Number(params["action"]))) }),
    "GET /v2/actions/:action": ({ params }) =>
      ok({ action: shownAction(actions.get(Number(params["action"]))) }),
  };
}

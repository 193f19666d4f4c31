import { MusterError } from "../../base/errors.ts";
import type { Items } from "../../model/items.ts";
import { asUser } from "../accounts/as-user.ts";
import type { Host } from "../context.ts";
import { LinkRefusal, type Place } from "../fs/follow-links.ts";
import { withPathItem } from "../fs/open-without-symlinks.ts";
import { type PathItem, withItemPlace } from "../kinds/item-place.ts";
import { actorOf } from "../kinds/observe-as-user.ts";
import { type RequestContext, requestContext } from "../request-context.ts";
import { hasCode } from "../system/error-reason.ts";
import type { Home } from "./move-state.ts";

/** Refuses a home that is a link on the new host, because the arriving home would have to replace the link. */
export function refuseLinkedHome({ path }: Home): void {
  const isLink = withPathItem(path, (entry) => entry?.stats.isSymbolicLink() === true);
  if (!isLink) return;
  throw new MusterError({
    what: path,
    why: "it is a symbolic link, and Muster does not replace a link with the moved home.",
    next: "On this host, replace the link with a bind mount or with an empty folder.",
  });
}

/**
 * Refuses to move a home if a link leads a declared path out of the home, because the link's target would be left on
 * the old host. Called before the agent is stopped.
 */
export function refuseLinksAway(host: Host, items: Items, home: Home): void {
  const context = requestContext(host);
  const inHome = Object.values(items).filter(
    (item): item is PathItem => "path" in item && `${item.path}/`.startsWith(`${home.path}/`),
  );
  const real = inHome.filter(({ path }) => path === home.path).map((item) => placeOf(context, item))[0];
  for (const item of inHome) {
    const place = placeOf(context, item);
    if (place === undefined || `${place}/`.startsWith(`${real}/`)) continue;
    throw new MusterError({
      what: `${home.agent} cannot move`,
      why: `a link in its home leads from ${item.path} to ${place}, which does not move.`,
      next: `Replace the link with the file or folder that it points to, then run \`npx pulumi up\` again.`,
    });
  }
}

/** Returns the path of an item's place without links; undefined if nothing exists there, or if the place is refused. */
function placeOf(context: RequestContext, item: PathItem): string | undefined {
  try {
    const account = actorOf(context, item);
    return asUser(account, () => withItemPlace(context, item, account, ({ path }: Place) => path));
  } catch (error) {
    if (error instanceof LinkRefusal || hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return undefined;
    throw error;
  }
}

import { MusterError } from "../../base/errors.ts";
import type { RuntimeItem } from "../../model/items.ts";
import type { Kind } from "./kind.ts";

/** The host runtime itself. The client installs and uninstalls it, so this kind only observes it. */
export const runtime: Kind<RuntimeItem> = {
  observe: ({ host }, targets) =>
    targets.map(() => ({ props: { bundle: host.bundle, node: process.versions.node } })),
  converge: ({ host }, { item }) => {
    throw new MusterError({
      what: `the host runtime ${item.want.bundle} with Node ${item.want.node}`,
      why: `${host.bundle} with Node ${process.versions.node} answered instead`,
      next: "Run `npx pulumi up` again to install it.",
    });
  },
  remove: () => [],
};

import type { Items } from "../../../model/items.ts";
import { isRemote } from "../../../model/repository.ts";
import type { ProviderContext } from "../../context.ts";
import type { HandlerCall } from "../handler.ts";
import { send } from "./install-runtimes.ts";

/** Sends the objects of the declared commits to the host, unless the host has them or fetches them itself. */
export async function sendCommits(
  { hosts, commits }: ProviderContext,
  call: HandlerCall,
  host: string,
  items: Items,
): Promise<void> {
  for (const item of Object.values(items)) {
    if (item.kind !== "checkout" || isRemote(item.from)) continue;
    const { revision } = item.want;
    const writer = await hosts.writer(host);
    if ((await writer.commit({ op: "commit", revision })).isStored) continue;
    const { file, integrity, remove } = commits.pack(item.from, revision);
    try {
      await call.log(
        "info",
        `${host}: sending the commit ${revision.slice(0, 12)} of ${item.from} to the host`,
      );
      await send(writer, integrity, file);
      await writer.commit({ op: "commit", revision, integrity });
    } finally {
      remove();
    }
  }
}

import type { ProviderContext } from "../../context.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";

/** Lists a change that cannot be made before its host is back. */
export async function announceWaiting(
  { isWaitedFor }: ProviderContext,
  call: HandlerCall,
  news: Properties,
): Promise<void> {
  const host = `${news["host"]}`;
  if (isWaitedFor(host)) await call.log("warning", `waits until ${host} is back`);
}

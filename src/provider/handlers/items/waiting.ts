import type { Services } from "../../services.ts";
import type { Properties } from "../../values.ts";
import type { Call } from "../handler.ts";

/** Lists a change that cannot be made before its host is back. */
export async function foresee({ isWaitedFor }: Services, call: Call, news: Properties): Promise<void> {
  const host = `${news["host"]}`;
  if (isWaitedFor(host)) await call.log("warning", `waits until ${host} is back`);
}

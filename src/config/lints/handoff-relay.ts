import { didYouMean } from "../suggest.ts";
import type { Lint } from "./lint.ts";

/** Refuses a relay for handoffs that does not exist, that Muster does not manage, or that itself needs a relay. */
export const handoffRelay: Lint = (fleet, declared) =>
  Object.values(fleet.hosts).flatMap(({ name, handoff }) => {
    const relay = handoff?.relay;
    if (relay === undefined) return [];
    const report = (sentence: string) => [{ keys: ["hosts", name, "handoff", "relay"], sentence }];
    const names = declared["hosts"];
    if (relay === name) return report("a host cannot be its own relay");
    if (names !== undefined && !names.has(relay))
      return report(`no host is named "${relay}"${didYouMean(relay, names)}`);
    const host = fleet.hosts[relay];
    if (host?.handoff?.relay !== undefined)
      return report(`"${relay}" needs a relay itself, so it cannot be a relay`);
    if (host?.observe === "only") return report(`Muster only observes "${relay}", so it cannot be a relay`);
    return [];
  });

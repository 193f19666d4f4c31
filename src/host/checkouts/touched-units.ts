import type { CheckoutItem } from "../../model/items.ts";
import { matchesPath } from "../../model/repository.ts";
import { changedBy, linesOf } from "./reset-checkout.ts";

/** Returns the units that use a file which the last reset has changed. */
export function touchedUnits({ folder, restarts }: CheckoutItem): string[] {
  const changed = changedBy(folder);
  return linesOf(restarts).flatMap((line) => {
    const [unit = "", ...patterns] = line.split(" ");
    return changed.some((path) => patterns.some((one) => matchesPath(one, path))) ? [unit] : [];
  });
}

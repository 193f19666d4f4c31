import { SANDBOX_EXCEPTIONS } from "../../model/sandbox-exceptions.ts";
import type { Lint } from "./lint.ts";

/** Warns about every lifted sandbox restriction, and states its cost. */
export const allowed: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap(({ name, allow }) =>
    allow.map((one) => {
      const { may, price } = SANDBOX_EXCEPTIONS[one];
      const cost = price > 0 ? `, which adds ${price} to the exposure of its unit` : "";
      return {
        keys: ["agents", name, "allow"],
        sentence: `${one}: it may ${may}${cost} (docs/isolation.md)`,
        level: "warning",
      };
    }),
  );

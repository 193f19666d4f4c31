import { SANDBOX_EXCEPTIONS } from "../../model/sandbox-exceptions.ts";
import type { Lint } from "./lint.ts";

/**
 * Warns about every sandbox exception of an agent, and states how much the exception adds to the exposure of the
 * agent's unit.
 */
export const allowed: Lint = (fleet) =>
  Object.values(fleet.agents).flatMap(({ name, allow }) =>
    allow.map((one) => {
      const { may, price } = SANDBOX_EXCEPTIONS[one];
      const cost = price > 0 ? `, which adds ${price} to the exposure of its unit` : "";
      return {
        keys: ["agents", name, "allow"],
        sentence: `${one}: the agent is allowed to ${may}${cost} (docs/isolation.md)`,
        level: "warning",
      };
    }),
  );

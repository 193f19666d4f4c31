import type { ChangePolicy } from "../../model/deadman.ts";
import type { RawAgent } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";

const DEADLINE = "1h";

/** When an agent is started again for a change, with the defaults. */
export function onChangeOf({ onChange = "when-idle" }: RawAgent): ChangePolicy {
  if (typeof onChange === "string") return { restart: onChange, deadline: secondsOf(DEADLINE) };
  return { restart: onChange.restart, deadline: secondsOf(onChange.deadline ?? DEADLINE) };
}

import { InvalidError } from "../../../base/errors.ts";
import { secretDigest } from "../../../model/digest.ts";
import { labelOf } from "../../../model/parts.ts";
import type { WireItem } from "../../../model/wire-items.ts";
import type { ProviderContext } from "../../context.ts";
import type { Properties } from "../../wire/values.ts";
import type { CheckedInputs, CheckFailure } from "../handler.ts";
import { hasItems, wireItems, withItems } from "./inputs.ts";

/**
 * Adds the digest of each secret's value, which only the provider knows, so that a rotated secret appears as
 * a change.
 */
export function check(context: ProviderContext, news: Properties): CheckedInputs {
  if (!hasItems(news)) return { inputs: news, failures: [] };
  const items: Record<string, WireItem> = {};
  const failures: CheckFailure[] = [];
  for (const [name, item] of Object.entries(wireItems(news))) {
    try {
      items[name] = checkItem(context, item);
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      // With a path, the engine would print the value of the property after the sentence: `{<nil>}`.
      failures.push({ property: "", reason: `${labelOf(name)}: ${error.message}` });
    }
  }
  return { inputs: withItems(news, items), failures };
}

function checkItem({ secrets }: ProviderContext, item: WireItem): WireItem {
  const { secret, path } = item;
  if (typeof secret !== "string") return item;
  const twin = secrets.twin(item);
  if (twin !== undefined) throw shared(secret, twin);
  return { ...item, content: secretDigest(`${path}`, secrets.rendered(item)) };
}

function shared(reference: string, twin: string): InvalidError {
  return new InvalidError({
    what: `${reference} and ${twin} hold the same value`,
    why: "if it is revoked, both agents stop, and an attacker who gets into one has the secret of both.",
    next: "Give each agent its own, or give a reason in `sharedBecause` of both credentials.",
  });
}

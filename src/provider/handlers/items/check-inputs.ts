import { InvalidError } from "../../../base/errors.ts";
import { labelOf } from "../../../model/agent-parts.ts";
import { secretDigest } from "../../../model/digest.ts";
import { readLogin } from "../../../model/login-file.ts";
import type { WireItem } from "../../../model/pulumi-items.ts";
import type { ProviderContext } from "../../context.ts";
import type { Properties } from "../../wire/values.ts";
import type { CheckedInputs, CheckFailure } from "../handler.ts";
import { hasItems, wireItems, withItems } from "./inputs.ts";

/**
 * Adds the digest of each secret's value to the inputs, so that a rotated secret appears as a change. Only the provider
 * knows these values.
 */
export function check(context: ProviderContext, news: Properties): CheckedInputs {
  if (!hasItems(news)) return { inputs: news, failures: [] };
  const items: Record<string, WireItem> = {};
  const failures: CheckFailure[] = [];
  for (const [name, item] of Object.entries(wireItems(news))) {
    try {
      items[name] = checkItem(context, `${news["host"]}`, item);
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      // If `property` were set, the engine would print `{<nil>}`, the value of the property, after the sentence.
      failures.push({ property: "", reason: `${labelOf(name)}: ${error.message}` });
    }
  }
  return { inputs: withItems(news, items), failures };
}

function checkItem({ secrets }: ProviderContext, host: string, item: WireItem): WireItem {
  const { secret, path } = item;
  if (typeof secret !== "string") return item;
  secrets.refuseShared(item, host);
  const text = secrets.rendered(item);
  if (item["write"] === "adopt") refuseWithoutLogin(`${secret}`, `${path}`, text);
  return { ...item, content: secretDigest(`${path}`, text) };
}

/** Refuses a value that is not a login, because the agent would wait for a login of a person. */
function refuseWithoutLogin(reference: string, path: string, text: string): void {
  if (readLogin(path, text) !== undefined) return;
  throw new InvalidError({
    what: `${reference} is not a login`,
    why: `it is not a JSON object, as ${path} must be.`,
    next: "Log in with the runtime, and use the file that it has written.",
  });
}

import { InvalidError } from "../../../base/errors.ts";
import { secretDigest } from "../../../model/digest.ts";
import type { WireItem } from "../../../model/wire.ts";
import type { Services } from "../../services.ts";
import { asProperties, type Properties } from "../../values.ts";
import type { Call, Checked, CheckFailure } from "../handler.ts";
import { wireItems, withItems } from "./inputs.ts";

/** Fills in what only the provider can know: the digest of each secret's value, so that a rotation is a change. */
export async function check(services: Services, call: Call, news: Properties): Promise<Checked> {
  if (asProperties(news["items"]) === undefined) return { inputs: news, failures: [] };
  const items: Record<string, WireItem> = {};
  const failures: CheckFailure[] = [];
  for (const [name, item] of Object.entries(wireItems(news))) {
    try {
      items[name] = await checkItem(services, call, item);
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      // With a path in it, the engine would print the property's value beside the sentence: `{<nil>}`.
      failures.push({ property: "", reason: `${name}: ${error.message}` });
    }
  }
  return { inputs: withItems(news, items), failures };
}

async function checkItem({ secrets }: Services, call: Call, item: WireItem): Promise<WireItem> {
  const { secret, path } = item;
  if (typeof secret !== "string") return item;
  const twin = secrets.twin(secret);
  if (twin !== undefined) {
    const sentence = `${secret} and ${twin} hold the same value: whoever breaks one has both. Give each its own.`;
    await call.log("warning", sentence);
  }
  return { ...item, content: secretDigest(`${path}`, secrets.rendered(item)) };
}

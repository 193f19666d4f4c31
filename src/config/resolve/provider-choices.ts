import { type RuntimeKind, runtimeOf } from "../../runtimes/registry.ts";
import type { ModelAccess, ModelChoice } from "../../runtimes/runtime.ts";
import type { CredentialSpec, IdentitySpec, ProviderSpec } from "../fleet.ts";
import type { RawAgent, RawRuntime } from "../fleet-yaml-types.ts";
import type { Keys } from "../problem.ts";
import { didYouMean } from "../suggest.ts";
import type { Context } from "./context.ts";

/** The resolved sections that determine which providers an agent can use. */
export interface Known {
  readonly providers: Readonly<Record<string, ProviderSpec>>;
  readonly credentials: Readonly<Record<string, CredentialSpec>>;
  readonly identities: Readonly<Record<string, IdentitySpec>>;
}

/** A model of a provider, with the credential for that provider. */
export interface Choice {
  /** The provider's name in fleet.yaml; absent if no provider is declared. */
  readonly provider?: string;
  readonly model: ModelChoice;
  /** The same model, with the address of the provider and the variable that contains the provider's key. */
  readonly access: ModelAccess;
  readonly credential?: string;
}

interface Written extends Omit<Choice, "model" | "access"> {
  readonly model?: string;
  readonly keys: Keys;
}

/**
 * Returns an agent's choices, the best first. `runtime.provider` and `runtime.model` are a short form of a
 * single choice.
 */
export function choicesOf(
  raw: RawAgent,
  { kind, provider, model }: Pick<RawRuntime, "kind" | "provider" | "model">,
  identity: string,
  known: Known,
  keys: Keys,
  context: Context,
): Choice[] {
  const { report, source } = context;
  const isShort = provider !== undefined || model !== undefined;
  if (raw.providers !== undefined && isShort) {
    const sentence = "cannot be combined with the provider or model of `runtime`: move them into this list";
    report.error(source, [...keys, "providers"], sentence, "key");
  }
  const short = { ...(provider !== undefined && { provider }), ...(model !== undefined && { model }) };
  const written: Written[] = raw.providers?.map((one, i) => ({
    ...one,
    keys: [...keys, "providers", i],
  })) ?? [{ ...short, keys: [...keys, "runtime"] }];
  checkOrder(written, kind, context);
  return written.map((one) => {
    checkCredential(one, known, context);
    const vendor = vendorOf(kind, one, identity, known, context);
    const chosen = {
      ...(vendor !== undefined && { provider: vendor }),
      ...(one.model !== undefined && { model: one.model }),
    };
    return {
      ...(one.provider !== undefined && { provider: one.provider }),
      model: chosen,
      access: { ...chosen, ...reachOf(one, raw.credentials ?? [], known) },
      ...(one.credential !== undefined && { credential: one.credential }),
    };
  });
}

/**
 * Returns the address of a choice's provider, and the variable that contains the key. The key is the choice's own
 * credential, or the agent's first credential for this provider. An OAuth login is not a key.
 */
function reachOf(
  { provider = "", credential }: Written,
  own: readonly string[],
  { providers, credentials }: Known,
): Pick<ModelAccess, "url" | "keyVariable"> {
  const url = providers[provider]?.url;
  const belonging = own.filter((name) => credentials[name]?.provider === provider);
  const keyVariable = [...(credential === undefined ? belonging : [credential])]
    .filter((name) => credentials[name]?.type !== "oauth")
    .flatMap((name) => credentials[name]?.env ?? [])
    .at(0);
  return { ...(url !== undefined && { url }), ...(keyVariable !== undefined && { keyVariable }) };
}

function checkOrder(written: readonly Written[], kind: RuntimeKind, { report, source }: Context): void {
  const seenProviders = new Set<string>();
  for (const { provider, model, keys } of written) {
    if (provider !== undefined && seenProviders.has(provider)) {
      const sentence = `"${provider}" is already in this list: both entries would fail together`;
      report.error(source, [...keys, "provider"], sentence);
    }
    if (provider !== undefined) seenProviders.add(provider);
    if (written.length > 1 && model === undefined && runtimeOf(kind).fallsBack) {
      report.error(
        source,
        [...keys, "model"],
        `is missing: ${kind} silently skips an entry without a model`,
        "key",
      );
    }
  }
}

/**
 * Refuses a choice with the credential of another provider. The provider of the choice would reject this
 * credential and would therefore count as failed.
 */
function checkCredential(
  { provider, credential, keys }: Written,
  known: Known,
  { report, source }: Context,
): void {
  const owner = credential === undefined ? undefined : known.credentials[credential]?.provider;
  if (owner === undefined || owner === provider) return;
  report.error(source, [...keys, "credential"], `"${credential}" belongs to provider "${owner}"`);
}

/**
 * Returns and checks the name that the runtime uses for the provider. With a misspelled name, every task of the agent
 * would fail.
 */
function vendorOf(
  kind: RuntimeKind,
  { provider, keys }: Written,
  identity: string,
  { providers, identities }: Known,
  { report, source, declared }: Context,
): string | undefined {
  if (provider === undefined) return undefined;
  const place = [...keys, "provider"];
  const names = declared["providers"];
  if (names !== undefined && !names.has(provider)) {
    if (!report.hasErrorAt(source, place))
      report.error(source, place, `no provider is named "${provider}"${didYouMean(provider, names)}`);
    return undefined;
  }
  const vendor = providers[provider]?.vendor;
  const { providers: served, providersFile } = runtimeOf(kind);
  if (vendor === undefined || served === undefined || served.includes(vendor)) return vendor;
  const own = providersFile === undefined ? undefined : identities[identity]?.files[providersFile]?.text;
  if (own?.includes(vendor)) return vendor;
  const more = providersFile === undefined ? "" : `, and the vendors in ${providersFile} of the identity`;
  const known = `; ${kind} knows ${served.join(", ")}${more}`;
  const sentence = `${kind} does not know the vendor "${vendor}"${didYouMean(vendor, served) || known}`;
  report.error(source, place, `${sentence}: see providers.${provider}.vendor`);
  return vendor;
}

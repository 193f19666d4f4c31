/** Types for the usage of model providers, which each host reads from the records of its agents' runtimes. */

/** The number of days for which a host keeps the usage of its agents. */
export const USAGE_DAYS = 400;

/** Numbers of tokens. `input` contains no cached tokens, and `output` contains the tokens of the model's reasoning. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  /** Tokens that the provider has read from its cache. */
  readonly cacheRead: number;
  /** Tokens that the provider has written to its cache. */
  readonly cacheWrite: number;
}

/** The usage of one agent on one day with one model. */
export interface Usage extends Tokens {
  readonly agent: string;
  /** The day in UTC, such as 2026-12-01. */
  readonly date: string;
  readonly model: string;
  /** The number of responses of the model. */
  readonly requests: number;
  /** The cost in US dollars of the requests for which the runtime has recorded a cost. */
  readonly cost: number;
  /** The number of requests for which the runtime has recorded no cost. */
  readonly uncosted: number;
}

/** The prices of a model in US dollars for one million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** The declared prices by the name of the model. A name can end with `*`. */
export type Prices = Readonly<Record<string, Price>>;

export const NO_TOKENS: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function addTokens(one: Tokens, other: Tokens): Tokens {
  return {
    input: one.input + other.input,
    output: one.output + other.output,
    cacheRead: one.cacheRead + other.cacheRead,
    cacheWrite: one.cacheWrite + other.cacheWrite,
  };
}

export function allTokens({ input, output, cacheRead, cacheWrite }: Tokens): number {
  return input + output + cacheRead + cacheWrite;
}

/** A cost in US dollars, and whether it covers all requests. */
export interface Cost {
  readonly usd: number;
  /** False if the cost of some requests is unknown, so that the real cost is higher. */
  readonly isComplete: boolean;
}

/**
 * Returns the cost of a usage. A declared price counts before the cost that the runtime has recorded. No price is ever
 * assumed: without a declared price and a recorded cost, the cost is unknown.
 */
export function costOf(usage: Usage, prices: Prices): Cost {
  const price = priceOf(usage.model, prices);
  if (price === undefined) return { usd: usage.cost, isComplete: usage.uncosted === 0 };
  const { input, output, cacheRead = input, cacheWrite = input } = price;
  const sum =
    usage.input * input + usage.output * output + usage.cacheRead * cacheRead + usage.cacheWrite * cacheWrite;
  return { usd: sum / 1e6, isComplete: true };
}

export function addCosts(costs: readonly Cost[]): Cost {
  return {
    usd: costs.reduce((sum, { usd }) => sum + usd, 0),
    isComplete: costs.every(({ isComplete }) => isComplete),
  };
}

/** Returns the price of a model: that of its exact name, or that of the longest name with `*` that matches. */
function priceOf(model: string, prices: Prices): Price | undefined {
  if (Object.hasOwn(prices, model)) return prices[model];
  const [best] = Object.keys(prices)
    .filter((name) => name.endsWith("*") && model.startsWith(name.slice(0, -1)))
    .sort((a, b) => b.length - a.length);
  return best === undefined ? undefined : prices[best];
}

import type { Severity } from "../handlers/handler.ts";
import type { Properties } from "../wire/values.ts";

/** Prints one sentence about the run. The default severity is `warning`. */
export type Report = (sentence: string, severity?: Severity) => Promise<void>;

/** A function of the provider that the Pulumi program can call. */
export type ProviderFunction = (args: Properties, report: Report) => Promise<Properties>;

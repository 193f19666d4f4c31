import type { Severity } from "../handlers/handler.ts";
import type { Properties } from "../wire/values.ts";

/** Tells a person one sentence about the run; it is a warning where no severity is given. */
export type Report = (sentence: string, severity?: Severity) => Promise<void>;

/** A function of the provider that the program may call. */
export type ProviderFunction = (args: Properties, report: Report) => Promise<Properties>;

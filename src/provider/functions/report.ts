import type { Severity } from "../handlers/handler.ts";

/** Tells a person one sentence about the run; left out it is a warning. */
export type Report = (sentence: string, severity?: Severity) => Promise<void>;

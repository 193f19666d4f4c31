import { limitsFile } from "../../model/host-paths.ts";
import type { AccountLimits } from "../../model/limits.ts";
import type { Host } from "../context.ts";
import { readOwn } from "../store/state-files.ts";

/** The rules of a host on which no agents share an account, and which has no budgets. */
export const NO_RULES: AccountLimits = { accounts: {}, budgets: [] };

/** Reads the shared accounts and the budgets. The platform's `up` writes the file; without the file, there are none. */
export function readLimits({ paths }: Host): AccountLimits {
  try {
    const { accounts, budgets } = JSON.parse(
      readOwn(limitsFile(paths.hostd))?.toString("utf8") ?? "",
    ) as Partial<AccountLimits>;
    return typeof accounts === "object" && Array.isArray(budgets) ? { accounts, budgets } : NO_RULES;
  } catch {
    return NO_RULES;
  }
}

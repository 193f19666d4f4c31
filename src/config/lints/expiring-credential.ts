import { expiringOf, expiryText } from "../expiring-credentials.ts";
import type { Lint } from "./lint.ts";

/** Warns about a credential that expires soon or has expired. */
export const expiringCredential: Lint = ({ credentials }) =>
  expiringOf(Object.values(credentials)).map(({ credential, on }) => ({
    keys: ["credentials", credential, "expires"],
    sentence: `${expiryText(on)}: replace the secret, then change this day, or remove it`,
    level: "warning",
  }));

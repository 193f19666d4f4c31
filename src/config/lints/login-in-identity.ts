import { loginIn } from "../../model/detect-logins.ts";
import type { Lint } from "./lint.ts";

/**
 * Refuses logins in the files of identities. These files are not secret: they are part of the project, and drift
 * reports show their lines.
 */
export const loginInIdentity: Lint = (fleet) =>
  Object.values(fleet.identities).flatMap(({ name, files }) =>
    Object.entries(files).flatMap(([path, { text }]) => {
      const login = loginIn(path, text);
      if (login === undefined) return [];
      return [
        {
          keys: ["identities", name, ...(path === "SOUL.md" ? ["soul"] : ["files", path])],
          sentence: `contains ${login}: declare it as a credential (docs/secrets.md), and use a new secret there`,
        },
      ];
    }),
  );

import type { ServiceSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import type { Lint } from "./lint.ts";

/**
 * Refuses two services with the same unit, file or user on a host, because each service would undo the changes of the
 * other.
 */
export const serviceOfTwo: Lint = (fleet) => {
  const claims = Object.values(fleet.services).flatMap(claimsOf);
  return [...Map.groupBy(claims, ({ place }) => place).values()].flatMap(([first, ...others]) =>
    others.map(({ keys, what }) => ({
      keys,
      sentence: `${what} belongs to service "${first?.service}" already`,
    })),
  );
};

interface Claim {
  readonly service: string;
  readonly place: string;
  readonly what: string;
  readonly keys: Keys;
}

function claimsOf({ name, host, unit, files, user, account }: ServiceSpec): Claim[] {
  const keys = ["services", name];
  const claim = (what: string, at: Keys): Claim => ({
    service: name,
    place: `${host} ${what}`,
    what,
    keys: at,
  });
  return [
    claim(unit, keys),
    ...Object.keys(files).map((path) => claim(path, [...keys, "files", path])),
    ...(account === undefined ? [] : [claim(`user ${user}`, [...keys, "account"])]),
  ];
}

import { InvalidError } from "../../../base/errors.ts";
import { Secret } from "../../../base/secret.ts";
import type { InventoryHost } from "../../../inventory/inventory-host.ts";
import type { CheckFailure } from "../../../provider/handlers/handler.ts";
import { type Properties, UNKNOWN, type Value } from "../../../provider/wire/values.ts";
import { withoutComment } from "../../remote-login.ts";
import type { GivenMachine } from "./recorded-machines.ts";

type Form = readonly [test: (value: Value) => boolean, form: string];

const matches =
  (pattern: RegExp) =>
  (value: Value): boolean =>
    typeof value === "string" && pattern.test(value);

const isPort = (value: Value): boolean =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536;

/** The valid forms of the values that the program passes. schema/fleet.schema.json has the same forms. */
const FORMS: Readonly<Record<string, Form>> = {
  address: [matches(/^[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,254}$/), "a host name or an IP address"],
  machine: [matches(/^[^\s-]\S*$/), "one word that does not begin with a dash"],
  user: [matches(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/), "a login name, such as root"],
  port: [isPort, "a port, 1 to 65535"],
};
const KEY: Form = [
  matches(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}( .*)?$/),
  "a public host key, such as ssh-ed25519 AAAA…",
];

/**
 * Removes the comments from the host keys, and finds the values that cannot be used. A value that is unknown in a
 * preview is checked during `up`. An empty value is not refused here, because the engine would then end the run for all
 * hosts. See `emptyValueError`.
 */
export function checkGiven(news: Properties): { inputs: Properties; failures: CheckFailure[] } {
  const { keys, address, machine } = news;
  // By default, `machine` is the address. In this case, an invalid address causes only one message.
  const isDefault = machine === address;
  const single = Object.entries(FORMS).flatMap(([name, form]) =>
    news[name] === "" || (name === "machine" && isDefault) ? [] : failureOf(name, news[name], form),
  );
  const inputs = Array.isArray(keys)
    ? { ...news, keys: keys.map((key) => (typeof key === "string" ? withoutComment(key) : key)) }
    : news;
  return { inputs, failures: [...single, ...keyFailures(keys)] };
}

function keyFailures(keys: Value | undefined): CheckFailure[] {
  if (keys === undefined || keys === UNKNOWN || keys === "") return [];
  if (!Array.isArray(keys)) return [{ property: "keys", reason: "must be a list of public host keys" }];
  if (keys.length === 0)
    return [{ property: "keys", reason: "is empty: remove it, or pass the public host keys" }];
  return keys.flatMap((key: Value) => failureOf("keys", key, KEY));
}

function failureOf(property: string, value: Value | undefined, [test, form]: Form): CheckFailure[] {
  if (value === undefined || value === UNKNOWN || test(value)) return [];
  const secret =
    "is a secret, but the inventory contains it as text that is committed: pass `pulumi.unsecret(…)` of it";
  return [{ property, reason: value instanceof Secret ? secret : `must be ${form}` }];
}

/**
 * Returns the error for the first empty value. The program passes an empty value if the resource that provides it has
 * failed.
 */
export function emptyValueError(inputs: Properties): InvalidError | undefined {
  const empty = ["address", "machine", "user", "port", "keys"].find((property) => inputs[property] === "");
  if (empty === undefined) return undefined;
  return new InvalidError({
    where: hostIn(inputs),
    what: "its machine cannot be contacted",
    why: `\`${empty}\` is empty: the resource that provides it has failed, or has no such value.`,
    next: "Correct the resource, and run `pulumi up` again.",
  });
}

/** Reads the checked inputs. @throws InvalidError if a value is unknown or empty */
export function givenMachine(inputs: Properties): GivenMachine {
  const { address, machine, user, port, keys } = inputs;
  const empty = emptyValueError(inputs);
  if (empty !== undefined) throw empty;
  if ([address, machine].some((value) => typeof value !== "string" || value === UNKNOWN)) {
    throw new InvalidError({
      where: hostIn(inputs),
      what: "its machine cannot be contacted",
      why: "its address is not known.",
      next: "Run `pulumi up`.",
    });
  }
  return {
    address: `${address}`,
    machine: `${machine}`,
    ...(user !== undefined && { user: `${user}` }),
    ...(port !== undefined && { port: Number(port) }),
    ...(Array.isArray(keys) && { keys: keys.map(String) }),
  };
}

/**
 * Returns the properties that describe a recorded machine. The host keys are included only if the program declares
 * them.
 *
 * @param recorded the inputs in the state
 */
export function propertiesOf(host: string, known: InventoryHost, recorded: Properties): Properties {
  const { address, machine = address, user, port, hostKeys } = known;
  const { keys, protect } = recorded;
  const isPinned = Array.isArray(keys) && keys.every((key) => hostKeys.includes(`${key}`));
  return {
    ...{ host, address, machine },
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(keys !== undefined && { keys: isPinned ? keys : [...hostKeys] }),
    ...(protect !== undefined && { protect }),
  };
}

/** Returns the host name in the inputs of a PulumiHost. @throws InvalidError if the inputs contain no host name */
export function hostIn({ host }: Properties): string {
  if (typeof host === "string") return host;
  throw new InvalidError({
    what: "the inputs of a PulumiHost are invalid",
    why: "`host` is missing.",
    next: "Run `pulumi up`.",
  });
}

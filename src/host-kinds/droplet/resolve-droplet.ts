import type { RawHost } from "../../config/fleet-yaml-types.ts";
import { openPort } from "../../config/open-port.ts";
import type { Keys } from "../../config/problem.ts";
import type { Context } from "../../config/resolve/context.ts";
import { asMap, namesIn, secondsOf } from "../../config/yaml-values.ts";
import type { HostCommon } from "../host-kind.ts";
import { remoteLogin, withoutComment } from "../remote-login.ts";
import { cloudWritten } from "./cloud-section.ts";
import type { AdoptSpec, DropletHostSpec, DropletSpec, SetupStep } from "./spec.ts";

/** The default size. It is small, but large enough for a few agents that call remote models. */
const SIZE = "s-1vcpu-2gb";
/** The default image. Muster is tested with this image. */
const IMAGE = "debian-12-x64";
/** The default `bootTimeout`. A droplet usually answers within two minutes, but DigitalOcean can be slow. */
const BOOT_TIMEOUT = "10m";
const SETUP_TIMEOUT = "10m";

/**
 * Builds the spec of a droplet host. Fills in the defaults from `cloud` and Muster's own defaults.
 *
 * @returns undefined if a problem was reported
 */
export function resolveDroplet(
  raw: RawHost,
  common: HostCommon,
  keys: Keys,
  context: Context,
): DropletHostSpec | undefined {
  const droplet = resolveSpec(common.name, raw, keys, context);
  const login = remoteLogin(raw, context, cloudWritten(context).identityFile);
  return droplet && { kind: "droplet", droplet, user: "root", ...login, ...common };
}

function resolveSpec(name: string, raw: RawHost, keys: Keys, context: Context): DropletSpec | undefined {
  const cloud = cloudWritten(context);
  const own = { ...cloud, ...raw };
  if (!isDeclared(keys, context)) return undefined;
  if (namesIn(cloud.keys ?? { any: "" }).length === 0 && mayBeMade(raw)) {
    refuse(
      "would be created, but `cloud.keys` is empty, so nobody could log in: add a public key there",
      keys,
      context,
    );
    return undefined;
  }
  if (own.region === undefined) {
    // An invalid `cloud` section is read as empty. If the section contains a `region`, only the error in the section is
    // reported, and not a missing `region`.
    if (asMap(asMap(context.source.value)["cloud"])["region"] === undefined) {
      refuse("has no `region`, and `cloud` has no `region` either", keys, context);
    }
    return undefined;
  }
  if (volumesOf(raw).some(([volume]) => volume.length + name.length > MOST_VOLUME_NAME)) {
    refuse(
      `the name of the host and the name of a volume must together have at most ${MOST_VOLUME_NAME} characters`,
      keys,
      context,
    );
    return undefined;
  }
  return {
    region: own.region,
    size: own.size ?? SIZE,
    image: own.image ?? IMAGE,
    backups: own.backups ?? true,
    monitoring: own.monitoring ?? true,
    ipv6: own.ipv6 ?? false,
    ...(own.vpc !== undefined && { vpc: own.vpc }),
    tags: [...new Set([...(cloud.tags ?? []), ...(raw.tags ?? [])])].sort(),
    reservedIp: raw.reservedIp ?? false,
    volumes: Object.fromEntries(volumesOf(raw)),
    ...(raw.sshFrom !== undefined && { sshFrom: raw.sshFrom }),
    open: (raw.open ?? []).map(openPort),
    setup: setupOf(raw),
    bootTimeout: secondsOf(own.bootTimeout ?? BOOT_TIMEOUT),
    ...(raw.replace !== undefined && { replace: raw.replace }),
    ...(raw.adopt !== undefined && { adopt: adoptOf(raw.adopt) }),
  };
}

function adoptOf({ droplet, firewall, hostKeys = [] }: NonNullable<RawHost["adopt"]>): AdoptSpec {
  const keys = hostKeys.map(withoutComment);
  return { droplet: `${droplet}`, ...(firewall !== undefined && { firewall }), hostKeys: keys };
}

/**
 * Whether a run can create the droplet, so that `cloud.keys` must contain a public key. A droplet that is only adopted
 * needs no key.
 */
function mayBeMade({ adopt, replace }: RawHost): boolean {
  return adopt === undefined || replace !== undefined;
}

/**
 * The maximum length of a volume's name in fleet.yaml. DigitalOcean allows 64 characters, and Muster adds a prefix with
 * the project and the stack.
 */
const MOST_VOLUME_NAME = 40;

function isDeclared(keys: Keys, context: Context): boolean {
  if (asMap(context.source.value)["cloud"] !== undefined) return true;
  const sentence =
    "needs the section `cloud` with `keys` (the public keys that can log in) and `sshFrom` (the addresses that can connect by SSH)";
  refuse(sentence, keys, context);
  return false;
}

function refuse(sentence: string, keys: Keys, { report, source }: Context): void {
  if (!report.hasErrorAt(source, keys)) report.error(source, keys, sentence, "key");
}

function volumesOf({ volumes }: RawHost) {
  const written = volumes ?? {};
  return namesIn(written).flatMap((name) => {
    const volume = written[name];
    if (volume === undefined) return [];
    return [[name, { size: volume.size, filesystem: volume.filesystem ?? "ext4" }] as const];
  });
}

function setupOf({ setup }: RawHost): SetupStep[] {
  const written = setup ?? {};
  return namesIn(written).flatMap((name) => {
    const step = written[name];
    if (step === undefined) return [];
    const { run, unless, triggers = [], timeout } = step;
    return [
      {
        ...{ name, run, triggers, timeout: secondsOf(timeout ?? SETUP_TIMEOUT) },
        ...(unless !== undefined && { unless }),
      },
    ];
  });
}

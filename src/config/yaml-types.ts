import type { OnChange, OnUnhealthy } from "../model/deadman.ts";
import type { SwitchWhen } from "../model/failover.ts";
import type { JobOverlap } from "../model/job.ts";
import type { Healthy } from "../model/machine.ts";
import type { SandboxException } from "../model/sandbox-exceptions.ts";
import type { RuntimeKind } from "../runtimes/registry.ts";

/** fleet.yaml as its schema allows it, before names are resolved and files are read. */
export interface RawHost extends RawDroplet {
  readonly kind: "local" | "ssh" | "droplet";
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly identityFile?: string;
  readonly hostKeys?: readonly string[];
  readonly connectTimeout?: RawSeconds;
  readonly availability?: "always" | "intermittent";
  readonly observe?: "only";
  readonly protect?: boolean;
  readonly maintenance?: readonly RawWindow[] | null;
  readonly healthy?: Partial<Healthy>;
}

/** What `cloud` says of all droplets, and each may say otherwise. */
interface RawDropletDefaults {
  readonly region?: string;
  readonly size?: string;
  readonly image?: string;
  readonly backups?: boolean;
  readonly monitoring?: boolean;
  readonly ipv6?: boolean;
  readonly vpc?: string;
  readonly tags?: readonly string[];
  readonly identityFile?: string;
  readonly bootTimeout?: RawSeconds;
}

export interface RawCloud extends RawDropletDefaults {
  readonly keys: Readonly<Record<string, string>>;
  readonly sshFrom: readonly string[];
  readonly project?: string;
}

interface RawDroplet extends RawDropletDefaults {
  readonly reservedIp?: boolean;
  readonly volumes?: Readonly<
    Record<string, { readonly size: number; readonly filesystem?: "ext4" | "xfs" }>
  >;
  readonly sshFrom?: readonly string[];
  readonly open?: readonly RawOpenPort[];
  readonly setup?: Readonly<Record<string, RawSetupStep>> | null;
  readonly replace?: string;
  readonly adopt?: RawAdopt;
}

interface RawAdopt {
  readonly droplet: number;
  readonly firewall?: string;
  readonly hostKeys?: readonly string[];
}

interface RawOpenPort {
  readonly port: number | string;
  readonly protocol?: "tcp" | "udp";
  readonly from?: readonly string[];
}

interface RawSetupStep {
  readonly run: string;
  readonly unless?: string;
  readonly triggers?: readonly string[];
  readonly timeout?: RawSeconds;
}

export type RawSeconds = number | `${number}${"s" | "m" | "h"}`;

export interface RawWindow {
  readonly days?: readonly string[];
  readonly from: string;
  readonly to: string;
}

export interface RawHeartbeat {
  readonly by: "file" | "notify" | "pane" | "none";
  readonly interval?: RawSeconds;
  readonly timeout?: RawSeconds;
}

export interface RawRestarts {
  readonly most?: number;
  readonly within?: RawSeconds;
}

export interface RawHealth {
  readonly http?: string;
  readonly tcp?: string | number;
  readonly command?: readonly string[];
  readonly method?: "GET" | "HEAD" | "OPTIONS" | "POST";
  readonly expect?: number | string | readonly (number | string)[];
  readonly user?: string;
  readonly interval?: RawSeconds;
  readonly timeout?: RawSeconds;
  readonly failures?: number;
  readonly successes?: number;
}

export interface RawTenant {
  readonly isolation?: "agent" | "tenant";
  readonly protect?: boolean;
  readonly key?: string;
  readonly limits?: RawLimits;
}

export interface RawLimits {
  readonly memory?: string;
  readonly cpu?: number;
  readonly tasks?: number;
}

export interface RawReader {
  readonly key: string;
  readonly tenant?: string;
}

export interface RawProvider {
  readonly vendor?: string;
  readonly account?: string;
  readonly region?: string;
  readonly probe?: RawHealth;
}

export interface RawCredential {
  readonly from: string;
  readonly type: "api-key" | "oauth" | "password" | "other";
  readonly provider?: string;
  readonly env?: string;
  readonly sharedBecause?: string;
}

export interface RawIdentity {
  readonly soul: string;
  readonly files?: Readonly<Record<string, RawFile>> | null;
}

export interface RawFile {
  readonly from?: string;
  readonly text?: string;
  readonly mode?: string;
}

export interface RawRuntime {
  readonly kind: RuntimeKind;
  readonly program?: string;
  readonly args?: readonly string[];
  readonly provider?: string;
  readonly model?: string;
}

export interface RawChoice {
  readonly provider: string;
  readonly model?: string;
  readonly credential?: string;
}

export interface RawFailover {
  readonly switch?: SwitchWhen;
  readonly deadline?: RawSeconds;
  readonly returnAfter?: RawSeconds;
}

export interface RawAgent {
  readonly host: string;
  readonly tenant: string;
  readonly identity?: string;
  readonly credentials?: readonly string[];
  readonly contacts?: "all" | readonly string[];
  readonly routesTo?: readonly string[];
  readonly command?: readonly string[];
  readonly runtime?: RuntimeKind | RawRuntime;
  readonly providers?: readonly RawChoice[];
  readonly failover?: SwitchWhen | RawFailover;
  readonly workdir?: string;
  readonly env?: Readonly<Record<string, string>> | null;
  readonly watchdog?: RawSeconds;
  readonly replaces?: readonly string[];
  readonly takeOver?: "now" | "later";
  readonly onRemove?: "aside" | "delete";
  readonly protect?: boolean;
  readonly lifecycle?: "core" | "ephemeral";
  readonly ttl?: RawSeconds;
  readonly onChange?: OnChange | { readonly restart: OnChange; readonly deadline?: RawSeconds };
  readonly heartbeat?: RawHeartbeat;
  readonly restarts?: RawRestarts;
  readonly maintenance?: readonly RawWindow[] | null;
  readonly limits?: RawLimits;
  readonly allow?: readonly SandboxException[];
}

export interface RawJob {
  readonly agent?: string;
  readonly host?: string;
  readonly schedule: string | readonly string[];
  readonly command: readonly string[];
  readonly timeout?: RawSeconds;
  readonly overlap?: JobOverlap;
  readonly catchUp?: boolean;
  readonly onFailure?: { readonly retries?: number; readonly after?: RawSeconds };
  readonly env?: Readonly<Record<string, string>> | null;
  readonly workdir?: string;
  readonly user?: string;
  readonly rootBecause?: string;
}

export interface RawService {
  readonly host: string;
  readonly unit?: string;
  readonly open?: readonly RawOpenPort[];
  readonly packages?: readonly string[];
  readonly unitFile?: RawFile;
  readonly files?: Readonly<Record<string, RawServiceFile>> | null;
  readonly user?: string;
  readonly account?: { readonly home?: string; readonly shell?: string } | null;
  readonly credentials?: readonly string[];
  readonly enabled?: boolean;
  readonly running?: boolean;
  readonly health?: RawHealth;
  readonly grace?: RawSeconds;
  readonly onUnhealthy?: OnUnhealthy;
  readonly restarts?: RawRestarts;
  readonly maintenance?: readonly RawWindow[] | null;
  readonly protect?: boolean;
}

export interface RawServiceFile extends RawFile {
  readonly owner?: string;
  readonly group?: string;
}

/** A value as a map; an empty one where it is none. */
export function asMap(value: unknown): Readonly<Record<string, unknown>> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, unknown>) : {};
}

/** The names that a section declares: every key but those that are free for anchors. */
export function namesIn(section: unknown): string[] {
  return Object.keys(asMap(section)).filter((name) => !name.startsWith("x-"));
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds of `30`, `30s`, `5m` or `1h`. */
export function secondsOf(value: RawSeconds): number {
  if (typeof value === "number") return value;
  return Number.parseInt(value, 10) * (UNITS[value.slice(-1)] ?? 1);
}

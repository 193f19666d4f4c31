/** The faults about which alerts are sent. docs/monitoring.md lists them, and a test compares the two lists. */
export const ALERT_NAMES = [
  "hostSilent",
  "deadmanSilent",
  "dead",
  "stale",
  "stuck",
  "blocked",
  "quarantined",
  "bootDisabled",
  "failedOver",
  "recurring",
  "jobFailed",
  "unhealthy",
  "disk",
  "memory",
] as const;

export type AlertName = (typeof ALERT_NAMES)[number];

/** Prometheus and Alertmanager on one host of the fleet. */
export interface MonitoringSpec {
  /** The host on which Prometheus and Alertmanager run. */
  readonly host: string;
  /** The credential with the private key with which all programs of the monitoring authenticate each other. */
  readonly credential: string;
  /** Seconds between two observations of each host. */
  readonly interval: number;
  /** How long Prometheus keeps its data, in its own syntax, such as `40d`. */
  readonly retention: string;
  /** Seconds for which Alertmanager collects alerts before it sends the first message. */
  readonly wait: number;
  /** Seconds after which a message about a lasting fault is sent again. */
  readonly repeat: number;
  /** The declared addresses of hosts. Muster's own address of a host applies if its host is absent. */
  readonly addresses: Readonly<Record<string, string>>;
  /** The networks from which droplets accept connections to their exporters. */
  readonly scrapeFrom: readonly string[];
  /** Seconds for which a fault must last before its alert is sent. */
  readonly after: Readonly<Record<AlertName, number>>;
  readonly receivers: Readonly<Record<string, ReceiverSpec>>;
}

/** Who gets alerts, and how. The values of the fields with secrets are names of credentials. */
export interface ReceiverSpec {
  readonly name: string;
  /** The tenants whose agents' alerts the receiver gets; absent if it gets all alerts. */
  readonly tenants?: readonly string[];
  readonly webhook?: { readonly url: string };
  readonly email?: {
    readonly to: string;
    readonly from: string;
    readonly server: string;
    readonly user?: string;
    readonly password?: string;
  };
  readonly telegram?: { readonly chat: number; readonly token: string };
  readonly slack?: { readonly url: string; readonly channel?: string };
  readonly discord?: { readonly url: string };
}

/** Returns the names of the credentials that a receiver needs. */
export function credentialsOfReceiver({ webhook, email, telegram, slack, discord }: ReceiverSpec): string[] {
  const names = [webhook?.url, email?.password, telegram?.token, slack?.url, discord?.url];
  return names.filter((name) => name !== undefined);
}

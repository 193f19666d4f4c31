/** The faults about which alerts are sent. docs/monitoring.md lists all faults, and a test compares the two lists. */
export const ALERT_NAMES = [
  "hostSilent",
  "deadmanSilent",
  "dead",
  "stale",
  "stuck",
  "blocked",
  "quarantined",
  "bootDisabled",
  "login",
  "parked",
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
  /** The credential with the private key that all programs of the monitoring use to authenticate each other. */
  readonly credential: string;
  /** The number of seconds between two observations of each host. */
  readonly interval: number;
  /** The time for which Prometheus keeps its data, in the syntax of Prometheus, such as `40d`. */
  readonly retention: string;
  /** The number of seconds for which Alertmanager collects alerts before it sends the first message. */
  readonly wait: number;
  /** The number of seconds after which the message about a fault that continues is sent again. */
  readonly repeat: number;
  /**
   * The declared addresses of hosts. For a host without an entry, the address at which Muster reaches the host applies.
   */
  readonly addresses: Readonly<Record<string, string>>;
  /** The networks from which droplets accept connections to their exporters. */
  readonly scrapeFrom: readonly string[];
  /** The number of seconds for which a fault must last before its alert is sent. */
  readonly after: Readonly<Record<AlertName, number>>;
  readonly receivers: Readonly<Record<string, ReceiverSpec>>;
}

/** A receiver of alerts, and the ways in which it gets them. A field for a secret contains the name of a credential. */
export interface ReceiverSpec {
  readonly name: string;
  /** The tenants of the receiver: it gets only alerts about their agents. Absent if the receiver gets all alerts. */
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

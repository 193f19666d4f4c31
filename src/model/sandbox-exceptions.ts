/**
 * An exception to an agent's sandbox that fleet.yaml can allow. `systemd-analyze security` reports the exposure of a
 * unit. `price` is the amount by which the exception raises this exposure in systemd 252. A test measures the price on
 * a host.
 */
interface Price {
  /** The end of a sentence that begins with "iris may" and describes the exception. */
  readonly may: string;
  readonly price: number;
}

export const SANDBOX_EXCEPTIONS = {
  bus: {
    may: "query systemd and other services on the system bus, which reveals the declared `env` of every agent",
    price: 0,
  },
  debug: { may: "trace its own processes, as strace and gdb do", price: 0.1 },
  devices: { may: "use the host's devices that its user can access", price: 0.2 },
  namespaces: {
    may: "create its own namespaces and mounts, as browser sandboxes and containers do",
    price: 0.9,
  },
  processes: { may: "see the processes of other users", price: 0.1 },
  sockets: { may: "open sockets of any family", price: 0.4 },
  writes: { may: "write outside its home, wherever its user has permission", price: 0 },
} as const satisfies Readonly<Record<string, Price>>;

export type SandboxException = keyof typeof SANDBOX_EXCEPTIONS;

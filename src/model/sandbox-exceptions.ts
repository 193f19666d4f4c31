/**
 * What an agent's sandbox forbids unless fleet.yaml allows it. `price` is what an exception adds to the exposure that
 * `systemd-analyze security` of systemd 252 reports for the unit; a test measures it on a host.
 */
interface Price {
  /** The end of a sentence: "iris may …". */
  readonly may: string;
  readonly price: number;
}

export const SANDBOX_EXCEPTIONS = {
  bus: {
    may: "ask systemd and others on the system bus, which tells it what is declared as `env` of any agent",
    price: 0,
  },
  debug: { may: "trace its own processes, as strace and gdb do", price: 0.2 },
  devices: { may: "use the host's devices, as far as its user may", price: 0.3 },
  namespaces: {
    may: "make namespaces and mounts of its own, as browsers' sandboxes and containers do",
    price: 0.9,
  },
  processes: { may: "see which processes others have", price: 0.2 },
  sockets: { may: "open sockets of every family", price: 0.4 },
  writes: { may: "write outside of its home, where its user may", price: 0 },
} as const satisfies Readonly<Record<string, Price>>;

export type SandboxException = keyof typeof SANDBOX_EXCEPTIONS;

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP port that forwards to another port, like a router on the way to a host. */
export interface Link {
  readonly port: number;
  /** Drops all data of the connections that are open now, without closing them. New connections work. */
  forget(): void;
  /** Stops accepting new connections. */
  close(): void;
}

export async function linkTo(target: number): Promise<Link> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const host = connect(target, "127.0.0.1");
    for (const [from, to] of [
      [client, host],
      [host, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    forget: () => {
      for (const socket of open) socket.unpipe().resume();
      open.clear();
    },
    close: () => void server.close(),
  };
}

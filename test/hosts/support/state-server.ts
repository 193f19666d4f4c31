import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A real server that stores states, with its URL and the credentials for it. */
export interface StateServer {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** The URL of a missing database or bucket on the same server. */
  readonly missing: string;
  /** A file of the state as text; empty if it does not exist. */
  get(key: string): Promise<string>;
  put(key: string, text: string): Promise<void>;
  /** Deletes the whole state. */
  lose(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

export const PASSWORD = "a-password-for-tests";

/**
 * Starts a server.
 *
 * @returns stops the server
 */
export function serve(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; uid?: number; gid?: number; cwd?: string },
): () => Promise<void> {
  const server = spawn(program, args, { stdio: "ignore", ...options });
  const ended = once(server, "exit");
  return async () => {
    server.kill("SIGINT");
    await ended;
  };
}

/** A loopback TCP port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A real server that keeps states: where it is, and what logs in there. */
export interface StateServer {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** The URL of a database or bucket on the same server that is not there. */
  readonly missing: string;
  /** A file of the state as text; empty where it is not there. */
  get(key: string): Promise<string>;
  put(key: string, text: string): Promise<void>;
  /** Deletes all that is in the state. */
  lose(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

export const PASSWORD = "a-password-for-tests";

/** Starts a server that ends with the returned function, by its process id. */
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

/** A TCP port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

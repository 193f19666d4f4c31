import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A real server that stores states, with the URL and the credentials that the engine needs. */
export interface StateServer {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** The URL of a database or bucket that does not exist on this server. */
  readonly missing: string;
  /** Returns a file of the state as text, or an empty text if the file does not exist. */
  get(key: string): Promise<string>;
  put(key: string, text: string): Promise<void>;
  /** Deletes the complete state. */
  lose(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

export const PASSWORD = "a-password-for-tests";

/**
 * Starts a server.
 *
 * @returns a function that stops the server
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

/** Returns a loopback TCP port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

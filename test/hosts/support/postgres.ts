import { chownSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { freePort, PASSWORD, type StateServer, serve } from "./state-server.ts";

/** The database's name. The engine uses this name as the prefix of the keys under which it stores states. */
const DATABASE = "postgres";

/** Starts Debian's PostgreSQL as a separate cluster on loopback, as the user of the Debian package. */
export async function postgres(): Promise<StateServer> {
  const bin = globSync("/usr/lib/postgresql/*/bin").at(-1);
  if (bin === undefined) throw new Error("no PostgreSQL: scripts/test.sh installs Debian's package");
  const dir = mkdtempSync(join(tmpdir(), "muster-postgres-"));
  const port = await freePort();
  const stop = await startCluster(bin, dir, port);
  const urlOf = (name: string) => `postgres://muster@127.0.0.1:${port}/${name}?sslmode=disable`;
  const env = { PGPASSWORD: PASSWORD };
  const sql = async (text: string): Promise<string> =>
    (await execa(join(bin, "psql"), [urlOf(DATABASE), "-qtA"], { env, input: text })).stdout;
  await vi.waitFor(() => sql("SELECT 1"), { timeout: 30_000, interval: 200 });
  return {
    url: urlOf(DATABASE),
    env,
    missing: urlOf("nobody"),
    get: async (key) => {
      const data = await sql(`SELECT data->>'data' FROM pulumi_state WHERE key = '${DATABASE}/${key}'`);
      return Buffer.from(data, "base64").toString();
    },
    put: async (key, text) => {
      const data = JSON.stringify({ data: Buffer.from(text).toString("base64") });
      await sql(`INSERT INTO pulumi_state (key, data) VALUES ('${DATABASE}/${key}', '${data}')`);
    },
    lose: async () => void (await sql("DELETE FROM pulumi_state")),
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true });
    },
  };
}

async function startCluster(bin: string, dir: string, port: number): Promise<() => Promise<void>> {
  const [uid = 0, gid = 0] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await execa("id", [flag, "postgres"])).stdout)),
  );
  const [data, password] = [join(dir, "data"), join(dir, "password")];
  writeFileSync(password, PASSWORD);
  for (const path of [dir, password]) chownSync(path, uid, gid);
  const init = ["-D", data, "-U", "muster", "-A", "scram-sha-256", "--pwfile", password, "--no-sync"];
  await execa(join(bin, "initdb"), init, { uid, gid, cwd: dir });
  const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${dir}`, "fsync=off"];
  const args = ["-D", data, "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])];
  return serve(join(bin, "postgres"), args, { uid, gid, cwd: dir });
}

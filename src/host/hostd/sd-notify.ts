import { execFile } from "node:child_process";

/**
 * Tells systemd something by sd_notify(3), which needs a kind of socket that Node does not have. It is not waited
 * for: a ping that is late is what systemd's watchdog is there for.
 */
export function notify(...assignments: readonly string[]): void {
  const { NOTIFY_SOCKET, PATH } = process.env;
  if (!NOTIFY_SOCKET) return;
  execFile("systemd-notify", [...assignments], { env: { NOTIFY_SOCKET, PATH }, timeout: 5000 }, () => {});
}

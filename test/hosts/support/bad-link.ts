/**
 * Runs on a host instead of the host's sshd on port 22, and forwards connections to the tests' own sshd with a fault:
 * `bad-link.ts silent|cut|stall|slow`. It imports no other file, because only this file is copied to the host.
 */
import { connect, createServer, type Socket } from "node:net";

const SSHD = 2222;
/**
 * Two limits in bytes. With these limits, this program recognizes the command that starts Muster's runtime. The command
 * arrives after the key exchange, and is longer than any login message. All traffic after the command belongs to the
 * run.
 */
const KEY_EXCHANGE = 2500;
const COMMAND = 350;
/**
 * The delay in one direction, in milliseconds. A round trip takes 300 ms. Test kernels might lack sch_netem, so packet
 * loss is simulated: 5 of 100 pieces arrive one retransmission later, and delay all pieces after them.
 */
const DELAY = 150;
const RETRANSMISSION = 500;
const LOSS = 0.05;

const mode = process.argv[2];

createServer((client) => {
  if (mode === "silent") return;
  const sshd = connect(SSHD, "127.0.0.1");
  for (const socket of [client, sshd]) socket.on("error", () => {}).setNoDelay(true);
  if (mode === "slow") {
    slowly(client, sshd);
    slowly(sshd, client);
    return;
  }
  sshd.pipe(client);
  client.pipe(sshd);
  let bytes = 0;
  let isMidRun = false;
  client.on("data", ({ length }) => {
    if (isMidRun) {
      // The host has received the request, but its reply never arrives.
      sshd.unpipe(client);
      if (mode === "cut") client.destroy();
    }
    isMidRun ||= bytes > KEY_EXCHANGE && length > COMMAND;
    bytes += length;
  });
}).listen(22, "0.0.0.0");

function slowly(from: Socket, to: Socket): void {
  let last = Promise.resolve();
  const later = (act: () => void) => {
    const delay = DELAY + (Math.random() < LOSS ? RETRANSMISSION : 0);
    const due = new Promise((resolve) => setTimeout(resolve, delay));
    last = Promise.all([last, due]).then(act);
  };
  from.on("data", (chunk) => later(() => void to.write(chunk)));
  from.on("end", () => later(() => void to.end()));
}

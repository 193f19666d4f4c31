/**
 * Runs on a host, in place of its sshd on port 22, and passes connections on to the tests' own sshd, badly:
 * `bad-link.ts silent|cut|stall|slow`. It imports nothing of ours: the host's Node runs this one file.
 */
import { connect, createServer, type Socket } from "node:net";

const SSHD = 2222;
/**
 * In bytes, what tells the command that starts our runtime from what ssh sends before it: it comes after the key
 * exchange, and is longer than all of the login. Whatever follows it is of the run.
 */
const KEY_EXCHANGE = 2500;
const COMMAND = 350;
/**
 * Milliseconds one way: 300 there and back. The kernels that the tests run on need not have sch_netem, so what is
 * lost in 5 of 100 packets is here a piece that comes a retransmission later, with all behind it.
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
      // The host has got the request; its answer never comes.
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

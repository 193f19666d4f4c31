import { connect } from "node:net";

/** Milliseconds for one attempt. */
const PATIENCE = 1000;

/** Whether an SSH server answers there. */
export function saysSsh(address: string, port = 22): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: PATIENCE });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => done(data.toString("latin1").startsWith("SSH-")));
    for (const event of ["timeout", "error", "close"]) socket.once(event, () => done(false));
  });
}

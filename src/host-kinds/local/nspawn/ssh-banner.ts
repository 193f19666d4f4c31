import { connect } from "node:net";

/** The maximum time in milliseconds to wait for the banner. */
const TIMEOUT = 1000;

/** Whether an SSH server answers at this address. */
export function answersSsh(address: string, port = 22): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: TIMEOUT });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => done(data.toString("latin1").startsWith("SSH-")));
    for (const event of ["timeout", "error", "close"]) socket.once(event, () => done(false));
  });
}

import type { TcpProbe } from "../../model/health.ts";
import { reasonOf } from "../reason.ts";
import { type Answer, noAnswer } from "./answer.ts";

/** Whether somebody accepts a connection. Nothing is said on it. */
export function probeTcp({ host, port, timeout }: TcpProbe): Promise<Answer> {
  const { connect } = process.getBuiltinModule("node:net");
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => done(noAnswer(timeout)), timeout * 1000);
  const done = (answer: Answer) => {
    clearTimeout(timer);
    socket.destroy();
    resolve(answer);
  };
  socket.on("connect", () => done({ ok: true, detail: "it accepts connections" }));
  socket.on("error", (error) => done({ ok: false, detail: reasonOf(error) }));
  return promise;
}

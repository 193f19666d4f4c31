import type { TcpProbe } from "../../model/health-check.ts";
import { reasonOf } from "../system/error-reason.ts";
import { noAnswer, type ProbeAnswer } from "./probe-answer.ts";

/** Checks whether a port accepts a connection. Nothing is sent on the connection. */
export function probeTcp({ host, port, timeout }: TcpProbe): Promise<ProbeAnswer> {
  const { connect } = process.getBuiltinModule("node:net");
  const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => done(noAnswer(timeout)), timeout * 1000);
  const done = (answer: ProbeAnswer) => {
    clearTimeout(timer);
    socket.destroy();
    resolve(answer);
  };
  socket.on("connect", () => done({ ok: true, detail: "it accepts connections" }));
  socket.on("error", (error) => done({ ok: false, detail: reasonOf(error) }));
  return promise;
}

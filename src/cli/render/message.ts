import type { SendAnswer, Verdict } from "../../model/message.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { safeJson } from "./text.ts";

/** A message that was sent, and the verdict about its delivery. */
export interface SentMessage {
  readonly agent: string;
  readonly id: string;
  readonly answer: SendAnswer;
  /** Whether the person has asked for a proof of delivery. */
  readonly isVerified: boolean;
}

const SENTENCES: Readonly<Record<Verdict, string>> = {
  accepted: "has accepted the message",
  queued: "has queued the message until its current work is done",
  delivered: "has the message on its terminal",
  unconfirmed: "may or may not have the message",
  refused: "did not get the message: nothing was typed",
};

/** Returns the exit code for a verdict. */
export function codeOfVerdict({ answer: { verdict }, isVerified }: SentMessage): ExitCode {
  if (verdict === "refused") return EXIT.refused;
  if (verdict === "accepted" || verdict === "queued") return EXIT.clean;
  return verdict === "delivered" && !isVerified ? EXIT.clean : EXIT.unconfirmed;
}

export function renderMessage(message: SentMessage): string {
  const { agent, id, answer, isVerified } = message;
  const { verdict, reason, detail, evidence } = answer;
  const why = [reason && `reason: ${reason}`, detail, evidence && `proof: ${evidence}`]
    .filter(Boolean)
    .join("; ");
  const line = `${verdict}: ${agent} ${SENTENCES[verdict]}${why === "" ? "" : ` (${why})`}. ID: ${id}\n`;
  const isOpen = verdict === "unconfirmed" || (verdict === "delivered" && isVerified);
  return isOpen
    ? `${line}To check again, run the same command with --id ${id}: it first searches for the message.\n`
    : line;
}

/** Renders the result in the format of docs/schema/send.schema.json. */
export function renderMessageJson(message: SentMessage): string {
  const { agent, id, answer } = message;
  const code = codeOfVerdict(message);
  return safeJson({ version: 1, exit: code, codes: [code], agent, id, ...answer });
}

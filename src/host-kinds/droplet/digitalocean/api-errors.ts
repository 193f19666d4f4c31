import { InvalidError, MusterError } from "../../../base/errors.ts";
import { type HttpAnswer, messageOf, type NoAnswerError } from "../../../base/http.ts";

const WHAT = "DigitalOcean cannot be asked what is there";
const KEPT = "Nothing was changed there; hosts that are up run on, and `npx fleet drift` needs no API.";

/** The API gave no answer. */
export function apiUnreachable(url: URL, { isLate, message }: NoAnswerError): MusterError {
  const why = isLate ? "it gave no answer in time" : `it cannot be reached (${message})`;
  return new MusterError({
    where: url.origin,
    what: WHAT,
    why: `${why}.`,
    next: `Run this again when it answers. ${KEPT}`,
  });
}

/** The API answered, and refused. Its own message is part of the sentence; it never holds the token. */
export function apiRefusal(url: URL, answer: HttpAnswer): MusterError {
  const { status } = answer;
  const said = `${messageOf(answer) ?? "no message"} (${status})`;
  if (status === 401) {
    const next =
      "Make a token at cloud.digitalocean.com/account/api and run `npx pulumi config set --secret digitalocean:token`.";
    return new InvalidError({
      where: url.origin,
      what: WHAT,
      why: `it does not know the token: ${said}.`,
      next,
    });
  }
  if (status === 403) {
    const next =
      "Give the token read and write rights on droplets, SSH keys, firewalls, reserved IPs, volumes, tags and projects.";
    const why = `the token may not read ${url.pathname}: ${said}.`;
    return new InvalidError({ where: url.origin, what: WHAT, why, next });
  }
  if (status === 429) {
    const next = `The account's limit counts by the hour: run this again ${whenToRetry(answer)}. ${KEPT}`;
    return new MusterError({ where: url.origin, what: WHAT, why: `it was asked too often: ${said}.`, next });
  }
  const why = `${url.pathname} was answered with: ${said}.`;
  return new MusterError({ where: url.origin, what: WHAT, why, next: `Run this again later. ${KEPT}` });
}

function whenToRetry({ retryAfter }: HttpAnswer): string {
  return retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter / 60)} min`;
}

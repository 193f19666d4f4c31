import { InvalidError, MusterError } from "../../../base/errors.ts";
import { type HttpAnswer, messageOf, type NoAnswerError } from "../../../base/http.ts";

const WHAT = "DigitalOcean cannot be queried";
const KEPT =
  "Nothing has been changed at DigitalOcean. Existing hosts keep running, and `npx fleet drift` works without the API.";

/** Returns the error for an API that did not respond. */
export function apiUnreachable(url: URL, { isLate, message }: NoAnswerError): MusterError {
  const why = isLate ? "it did not respond in time" : `it cannot be reached (${message})`;
  return new MusterError({
    where: url.origin,
    what: WHAT,
    why: `${why}.`,
    next: `Run this again when the API responds. ${KEPT}`,
  });
}

/** Returns the error for a refused request. The error contains the API's message, which never contains the token. */
export function apiRefusal(url: URL, answer: HttpAnswer): MusterError {
  const { status } = answer;
  const said = `${messageOf(answer) ?? "no message"} (${status})`;
  if (status === 401) {
    const next =
      "Create a token at cloud.digitalocean.com/account/api and run `npx pulumi config set --secret digitalocean:token`.";
    return new InvalidError({
      where: url.origin,
      what: WHAT,
      why: `it does not accept the token: ${said}.`,
      next,
    });
  }
  if (status === 403) {
    const next =
      "Give the token read and write rights on droplets, SSH keys, firewalls, reserved IPs, volumes, tags and projects.";
    const why = `the token is not allowed to read ${url.pathname}: ${said}.`;
    return new InvalidError({ where: url.origin, what: WHAT, why, next });
  }
  if (status === 429) {
    const why = `it has received too many requests: ${said}.`;
    const next = `The limit applies per hour: run this again ${whenToRetry(answer)}. ${KEPT}`;
    return new MusterError({ where: url.origin, what: WHAT, why, next });
  }
  const why = `it answered ${url.pathname} with an error: ${said}.`;
  return new MusterError({ where: url.origin, what: WHAT, why, next: `Run this again later. ${KEPT}` });
}

function whenToRetry({ retryAfter }: HttpAnswer): string {
  return retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter / 60)} min`;
}

import { InvalidError, MusterError } from "../../../base/errors.ts";

const WHAT = "DigitalOcean cannot be asked what is there";
const KEPT = "Nothing was changed there; hosts that are up run on, and `npx fleet drift` needs no API.";

/** The API gave no answer. */
export function apiUnreachable(url: URL, error: unknown): MusterError {
  const isLate = error instanceof Error && error.name === "TimeoutError";
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = isLate
    ? "it gave no answer in time"
    : `it cannot be reached (${cause instanceof Error ? cause.message : cause})`;
  return new MusterError({
    where: url.origin,
    what: WHAT,
    why: `${why}.`,
    next: `Run this again when it answers. ${KEPT}`,
  });
}

/** The API answered, and refused. Its own words are told, cut short; they never hold the token. */
export function apiRefusal(url: URL, response: Response, body: string): MusterError {
  const { status } = response;
  const said = `${messageIn(body)} (${status})`;
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
    const next = `The account's limit counts by the hour: run this again ${laterAs(response)}. ${KEPT}`;
    return new MusterError({ where: url.origin, what: WHAT, why: `it was asked too often: ${said}.`, next });
  }
  const why = `${url.pathname} was answered with: ${said}.`;
  return new MusterError({ where: url.origin, what: WHAT, why, next: `Run this again later. ${KEPT}` });
}

function laterAs(response: Response): string {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isNaN(seconds) ? "later" : `in ${Math.ceil(seconds / 60)} min`;
}

function messageIn(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return `${message}`.replace(/[^\x20-\x7e]/g, " ").slice(0, 200);
  } catch {
    return "no message";
  }
}

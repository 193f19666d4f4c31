/** What a login file of a runtime says about the login, without its tokens. */
export interface LoginFacts {
  /**
   * The texts that identify the account, by the path of their keys. Empty if the file does not say to which account the
   * login belongs.
   */
  readonly account: Readonly<Record<string, string>>;
  /**
   * A time that grows each time when the login is renewed, in milliseconds since 1970; absent if the file contains none.
   */
  readonly renewed?: number;
  /**
   * When the login expires, in milliseconds since 1970. Present only if the file has no refresh token, so that the
   * runtime cannot renew the login.
   */
  readonly expires?: number;
}

/** The keys that identify an account in the files of Claude Code, Codex, pi, Hermes and OpenClaw. */
const ACCOUNT = /^(account_?(id|uuid)|organization_?uuid|email(_?address)?)$/i;
const RENEWED = /^(last_?refresh|expires(_?at)?|obtained_?at|updated_?at)$/i;
const EXPIRES = /^expires(_?at)?$/i;
const ACCESS = /^(access|access_?token)$/i;
const REFRESH = /^(refresh|refresh_?token)$/i;

/** The depth up to which the keys of a login file are read. */
const MOST_DEPTH = 6;

/**
 * Reads a login file.
 *
 * @param path the file's path. A file in JSON must be valid; any other file must only contain text
 * @returns undefined if the file cannot be read
 */
export function readLogin(path: string, text: string): LoginFacts | undefined {
  if (!/\.json$/i.test(path)) return text.trim() === "" ? undefined : { account: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isMap(value) || Object.keys(value).length === 0) return undefined;
  const maps = mapsIn(value, "", 0);
  const renewed = maps.flatMap(({ map }) => timesIn(map, RENEWED));
  const expires = maps.flatMap(({ map }) => (isRenewable(map) ? [] : timesIn(map, EXPIRES)));
  return {
    account: Object.fromEntries(maps.flatMap(accountIn)),
    ...(renewed.length > 0 && { renewed: Math.max(...renewed) }),
    ...(expires.length > 0 && { expires: Math.min(...expires) }),
  };
}

/** Whether two logins belong to different accounts. Only keys that both files have are compared. */
export function isOtherAccount(one: LoginFacts["account"], other: LoginFacts["account"]): boolean {
  return Object.entries(one).some(([key, text]) => other[key] !== undefined && other[key] !== text);
}

interface Found {
  readonly path: string;
  readonly map: Readonly<Record<string, unknown>>;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapsIn(map: Readonly<Record<string, unknown>>, path: string, depth: number): Found[] {
  if (depth > MOST_DEPTH) return [];
  const inner = Object.entries(map).flatMap(([key, value]) =>
    isMap(value) ? mapsIn(value, `${path}${key}.`, depth + 1) : [],
  );
  return [{ path, map }, ...inner];
}

function accountIn({ path, map }: Found): [string, string][] {
  return Object.entries(map).flatMap(([key, value]): [string, string][] => {
    if (typeof value !== "string" || value === "") return [];
    if (ACCOUNT.test(key)) return [[`${path}${key}`, value]];
    return /^id_?token$/i.test(key) ? claimsIn(`${path}${key}`, value) : [];
  });
}

/** Returns the claims of an ID token (RFC 7519) that identify the account. */
function claimsIn(path: string, token: string): [string, string][] {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    if (!isMap(claims)) return [];
    return ["sub", "email"].flatMap((name): [string, string][] => {
      const claim = claims[name];
      return typeof claim === "string" ? [[`${path}.${name}`, claim]] : [];
    });
  } catch {
    return [];
  }
}

function timesIn(map: Readonly<Record<string, unknown>>, names: RegExp): number[] {
  return Object.entries(map).flatMap(([key, value]) => (names.test(key) ? timeOf(value) : []));
}

/** Returns a time in milliseconds. A small number is a time in seconds. */
function timeOf(value: unknown): number[] {
  const time = typeof value === "string" && !/^\d+$/.test(value) ? Date.parse(value) : Number(value);
  if (value === null || typeof value === "boolean" || !Number.isFinite(time) || time <= 0) return [];
  return [time < 1e11 ? time * 1000 : time];
}

/** Whether a login can be renewed. A map without an access token is not a login, so that its times are ignored. */
function isRenewable(map: Readonly<Record<string, unknown>>): boolean {
  const has = (name: RegExp) =>
    Object.entries(map).some(([key, value]) => name.test(key) && typeof value === "string" && value !== "");
  return has(REFRESH) || !has(ACCESS);
}

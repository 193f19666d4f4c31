import { posix } from "node:path";

/** The names of files in which programs store logins. */
const LOGIN_FILE =
  /^(\.credentials\.json|auth\.json|\.git-credentials|\.netrc|id_(rsa|dsa|ecdsa|ed25519)(_sk)?)$/;

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

/** Matches a refresh token with a value, as in the files of OAuth logins. */
const REFRESH_TOKEN = /["']?refresh_?token["']?\s*[:=]\s*["']?[\w.~+/-]{8}/i;

/** Matches keys and tokens with the prefixes of well-known vendors. */
const VENDOR_KEY =
  /\b(sk-[\w-]{20,}|gh[pousr]_\w{30,}|github_pat_\w{30,}|xox[abprs]-[\w-]{20,}|AIza[\w-]{35}|AKIA[A-Z0-9]{16})/;

/** The variables that contain an OAuth login. */
const LOGIN_VARIABLES: readonly string[] = ["CLAUDE_CODE_OAUTH_TOKEN"];

/** Returns a noun for the login that a file contains; undefined if the file contains no login. */
export function loginIn(path: string, text: string): string | undefined {
  if (LOGIN_FILE.test(posix.basename(path))) return "a file for a login";
  if (PRIVATE_KEY.test(text)) return "a private key";
  if (REFRESH_TOKEN.test(text)) return "a refresh token";
  return VENDOR_KEY.test(text) ? "a key or token" : undefined;
}

/** Whether a credential is an OAuth login, by its declared type or its variable. */
export function isLogin({ type, env }: { readonly type: string; readonly env?: string }): boolean {
  return type === "oauth" || LOGIN_VARIABLES.includes(env ?? "");
}

/** Whether a value has the form of an OAuth login. Does not use the type in fleet.yaml. */
export function isLoginValue(value: string): boolean {
  return REFRESH_TOKEN.test(value) || /^sk-ant-o[ar]t/.test(value);
}

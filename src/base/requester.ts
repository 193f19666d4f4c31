import { hostname, userInfo } from "node:os";

/** Returns the person who runs this program, as `<user>@<machine>`, for the records on hosts. */
export function requester(): string {
  return `${userName()}@${hostname()}`;
}

/** Returns the user's name, or its uid if no account has this uid, for example in a container. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 0}`;
  }
}

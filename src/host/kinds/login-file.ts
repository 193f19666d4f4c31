import { digestOf } from "../../model/digest.ts";
import { AS_DECLARED, DIFFERENT, type FileItem, type Observation, type Props } from "../../model/items.ts";
import { type LoginFacts, readLogin } from "../../model/login-file.ts";
import type { LoginRecord } from "../../model/login-record.ts";
import { asRoot } from "../accounts/as-user.ts";
import type { RequestContext } from "../request-context.ts";
import {
  isOfOtherAccount,
  readLoginRecord,
  recordedAccount,
  writeLoginRecord,
} from "../store/login-records.ts";
import type { ItemState } from "./kind.ts";

type Login = ItemState<FileItem>;

/** The observed value of `content` if the file is not a login. */
const UNREADABLE = "unreadable";

/** The observed value of `account` if the login belongs to another account. */
const ANOTHER = "another account";

/** An observed property that is never declared: whether the file is kept although its source is new. */
const KEEPS = "keeps";

/**
 * Compares the login in an agent's home with its declaration. A login that the agent's runtime has renewed is as
 * declared. The content differs only if the file is not a login, or if its source has never been compared with the file.
 *
 * @param bytes undefined if the file is too large
 */
export function observeLogin(
  context: RequestContext,
  { item, secret }: Login,
  bytes: Buffer | undefined,
  props: Props,
): Observation {
  const { path, want } = item;
  const text = bytes?.toString("utf8");
  const facts = text === undefined ? undefined : readLogin(path, text);
  if (facts === undefined || text === undefined)
    return { props: { ...props, content: UNREADABLE, account: AS_DECLARED } };
  const record = asRoot(() => readLoginRecord(context.host, path));
  const isKnown = want.content === AS_DECLARED || knows(record, want.content, text);
  const keeps = !isKnown && secret !== undefined && mustKeep(record, facts, readLogin(path, secret));
  const isOther = isKnown && isOfOtherAccount(record, facts);
  const last = record?.sources.at(-1);
  return {
    props: {
      ...props,
      content: isKnown ? want.content : DIFFERENT,
      account: isOther ? ANOTHER : AS_DECLARED,
      ...(keeps && { [KEEPS]: true }),
      ...(last !== undefined && {
        seal: asRoot(() => context.hashSecret(`seen ${last}`)).replace(/^hmac:/, ""),
      }),
    },
    ...(isOther && {
      refusal: {
        why: `${path} is a login of another account than the declared one.`,
        next: "`up` does not replace it with an older login. Log in again with the declared account, so that `from` of the credential has a new login, and run `npx pulumi up`.",
      },
      isLeft: true as const,
    }),
  };
}

/** Whether an observation says that the existing file is kept, so that its unit reads no new file. */
export function isKeptLogin({ write }: FileItem, observed: Props): boolean {
  return write === "adopt" && observed[KEEPS] === true;
}

/** Whether a source has already been compared with the file, or written to it by a run that was killed. */
function knows(record: LoginRecord | undefined, source: string, text: string): boolean {
  if (record?.sources.includes(source)) return true;
  return record?.pending?.source === source && record.pending.before !== digestOf(text);
}

/**
 * Whether the file in the home is kept although its source is new. The later login is kept, if both say when they were
 * renewed. Otherwise, the first file that Muster finds is kept, and a later one is replaced.
 */
function mustKeep(
  record: LoginRecord | undefined,
  { renewed: own }: LoginFacts,
  source: LoginFacts | undefined,
): boolean {
  if (source === undefined) return true;
  if (own !== undefined && source.renewed !== undefined && own !== source.renewed)
    return source.renewed < own;
  return record === undefined;
}

/**
 * Writes a login with `write`, unless the existing file is kept. Records the source first, so that a killed run cannot
 * make a later run overwrite a login that was renewed in the meantime.
 *
 * @param before the bytes of the existing file; undefined if there is no readable file
 */
export function writeLogin(
  { host }: RequestContext,
  { item, secret = "" }: Login,
  observed: Props,
  before: Buffer | undefined,
  write: () => void,
): void {
  const { path, want } = item;
  const record = asRoot(() => readLoginRecord(host, path)) ?? { sources: [], account: {} };
  const save = (next: LoginRecord) => asRoot(() => writeLoginRecord(host, path, next));
  const source = `${want.content}`;
  const { pending } = record;
  const isWritten = pending !== undefined && pending.before !== stateOf(before);
  const sources = isWritten ? [...record.sources, pending.source] : record.sources;
  if (!isKeptLogin(item, observed)) {
    save({ ...record, sources, pending: { source, before: stateOf(before) } });
    write();
  }
  const facts = readLogin(path, secret);
  save({
    sources: [...sources.filter((one) => one !== source), source],
    account: facts === undefined ? {} : recordedAccount(facts),
  });
}

function stateOf(bytes: Buffer | undefined): string {
  return bytes === undefined ? "absent" : digestOf(bytes);
}

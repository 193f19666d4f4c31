import { createHash } from "node:crypto";
import { bech32, bech32m, createBase58check } from "@scure/base";
import { c32addressDecode } from "c32check";

const base58check = createBase58check((bytes: Uint8Array) =>
  Uint8Array.from(createHash("sha256").update(bytes).digest()),
);

/**
 * Checks the value of one column. @returns the error, as a phrase that follows the value; undefined for a valid value
 */
type ValueCheck = (value: string) => string | undefined;

/**
 * The checks of the columns whose values must have a certain form. An address with a wrong checksum was mistyped, and a
 * payment to this address would be lost.
 */
const CHECKS: Readonly<Record<string, ValueCheck>> = {
  btc_address: (value) =>
    isBitcoin(value) ? undefined : "is not a Bitcoin address: its checksum does not match",
  taproot_address: (value) =>
    isSegwit(value, [1]) ? undefined : "is not a Taproot address, which begins with bc1p and has a checksum",
  stx_address: (value) =>
    isStacks(value) ? undefined : "is not a Stacks address: its checksum does not match",
  email: (value) => (isEmail(value) ? undefined : "is not an e-mail address"),
  github_handle: (value) =>
    /^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$/.test(value)
      ? undefined
      : "is not the name of a GitHub account: write it without @, with letters, digits and single hyphens",
  x_handle: (value) =>
    /^\w{1,15}$/.test(value)
      ? undefined
      : "is not the name of an X account: write it without @, with 1 to 15 letters, digits and _",
  website: (value) => (isWebAddress(value) ? undefined : "is not a web address, such as https://example.org"),
  x402_endpoint: (value) =>
    isWebAddress(value) ? undefined : "is not a web address, such as https://example.org",
};

/** Returns the error in the value of a contact's column; undefined if the value is valid. */
export function contactFlaw(column: string, value: string): string | undefined {
  return Object.hasOwn(CHECKS, column) ? CHECKS[column]?.(value) : undefined;
}

/** The prefixes of addresses of the main network, the test network and a local test network; see BIP 173. */
const NETWORKS: ReadonlySet<string> = new Set(["bc", "tb", "bcrt"]);

/** The version bytes of the addresses of keys and scripts, in the main network and in the test network. */
const BASE58_VERSIONS: ReadonlySet<number> = new Set([0x00, 0x05, 0x6f, 0xc4]);

function isBitcoin(address: string): boolean {
  return isSegwit(address) || isBase58(address);
}

function isBase58(address: string): boolean {
  try {
    const bytes = base58check.decode(address);
    return bytes.length === 21 && BASE58_VERSIONS.has(bytes[0] ?? -1);
  } catch {
    return false;
  }
}

/** Whether an address follows BIP 173 or BIP 350. @param versions the accepted witness versions; all by default */
function isSegwit(address: string, versions?: readonly number[]): boolean {
  const version0 = segwitVersion(bech32, address);
  const version = version0 === 0 ? version0 : segwitVersion(bech32m, address);
  if (version === undefined || (version === 0) !== (version0 === 0)) return false;
  return versions === undefined || versions.includes(version);
}

function segwitVersion(coder: typeof bech32, address: string): number | undefined {
  const decoded = coder.decodeUnsafe(address as `${string}1${string}`, 90);
  if (decoded === undefined || !NETWORKS.has(decoded.prefix)) return undefined;
  const [version = 17, ...words] = decoded.words;
  const program = coder.fromWordsUnsafe(words);
  if (!program || version > 16 || program.length < 2 || program.length > 40) return undefined;
  return version === 0 && ![20, 32].includes(program.length) ? undefined : version;
}

function isStacks(address: string): boolean {
  // The address of a contract is an account's address, `.` and the contract's name.
  const [principal = "", contract, ...more] = address.split(".");
  if (more.length > 0 || (contract !== undefined && !/^[A-Za-z][A-Za-z0-9_-]{0,127}$/.test(contract)))
    return false;
  try {
    return /^S[PMTN]/.test(principal) && c32addressDecode(principal)[1].length === 40;
  } catch {
    return false;
  }
}

/** Whether a text is a "valid e-mail address" by the HTML standard: `NAME@DOMAIN`, as browsers check it. */
function isEmail(text: string): boolean {
  const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
  const local = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}";
  return new RegExp(`^${local}@${label}(?:\\.${label})+$`).test(text) && !/^\.|\.\.|\.@/.test(text);
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
}

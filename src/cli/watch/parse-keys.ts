/** The key that ends a takeover: Ctrl-], as in telnet. */
export const LEAVE = 0x1d;

const ESC = "\u001b";

/**
 * The names in tmux of the keys that terminals encode in different ways, by the bytes that a person's terminal sends.
 */
const SEQUENCES: Readonly<Record<string, string>> = {
  ...sequences({ A: "Up", B: "Down", C: "Right", D: "Left", H: "Home", F: "End" }, ["[", "O"], ""),
  ...sequences({ 1: "Home", 4: "End", 7: "Home", 8: "End", 2: "Insert", 3: "Delete" }, ["["], "~"),
  ...sequences({ 5: "PageUp", 6: "PageDown" }, ["["], "~"),
  ...sequences({ P: "F1", Q: "F2", R: "F3", S: "F4" }, ["O"], ""),
  ...sequences(
    { 15: "F5", 17: "F6", 18: "F7", 19: "F8", 20: "F9", 21: "F10", 23: "F11", 24: "F12" },
    ["["],
    "~",
  ),
  "[Z": "BTab",
};

/**
 * Divides a person's input into keys for the request `keyboard`: the names of known keys, and all other bytes in
 * hexadecimal.
 *
 * @returns the keys before LEAVE, and whether LEAVE was typed
 */
export function parseKeys(bytes: Buffer): { readonly keys: string[]; readonly isEnd: boolean } {
  const end = bytes.indexOf(LEAVE);
  const text = bytes.subarray(0, end === -1 ? bytes.length : end).toString("latin1");
  const keys: string[] = [];
  let plain = "";
  const flush = () => {
    if (plain !== "") keys.push(Buffer.from(plain, "latin1").toString("hex"));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const sequence =
      text[at] === ESC ? (/^(\[\d*[A-Z~]|O[A-Z])/.exec(text.slice(at + 1, at + 8))?.[0] ?? "") : "";
    const name = Object.hasOwn(SEQUENCES, sequence) ? SEQUENCES[sequence] : undefined;
    if (name === undefined) plain += text[at];
    else {
      flush();
      keys.push(name);
    }
    at += name === undefined ? 1 : 1 + sequence.length;
  }
  flush();
  return { keys, isEnd: end !== -1 };
}

function sequences(names: Readonly<Record<string, string>>, before: readonly string[], after: string) {
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, name]) => before.map((one) => [`${one}${key}${after}`, name])),
  );
}

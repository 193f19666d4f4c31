/**
 * The maximum number of bytes in a line. Real answers are much shorter. If a host sends a longer line, the connection
 * is closed.
 */
const LONGEST_LINE = 64 * 1024 * 1024;

/**
 * Splits a stream of bytes into lines of UTF-8 text.
 *
 * @param onLine called with each line, without its line end
 * @returns a function that takes the next chunk of bytes, and returns false if a line is longer than allowed
 */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => boolean {
  let parts: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]).toString("utf8");
      parts = [];
      length = 0;
      from = end + 1;
      onLine(line);
    }
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    return length <= LONGEST_LINE;
  };
}

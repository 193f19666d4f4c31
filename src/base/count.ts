/** Returns a number and a noun in the singular or plural, such as "1 agent" or "5 agents". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

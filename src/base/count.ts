/** Returns a number with its noun in the singular or plural: "1 agent", "5 agents". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Returns a command-line option and its value, or nothing if there is no value. */
export function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

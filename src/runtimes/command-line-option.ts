/** Returns a command-line option and its value, or an empty list if there is no value. */
export function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

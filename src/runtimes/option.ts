/** A command-line option with its value; nothing where there is no value. */
export function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

import { InvalidError } from "../../base/errors.ts";
import type { CommandDefinition } from "../command.ts";

export const command: CommandDefinition = {
  usage: "completion <shell>",
  summary: "print a script that completes commands and options in bash or zsh",
  options: {},
  async run({ args, io, commands }) {
    const [shell] = args;
    if (shell !== "bash" && shell !== "zsh") {
      throw new InvalidError({
        what: `there is no completion for ${shell}`,
        why: "only bash and zsh are supported.",
      });
    }
    const prelude = shell === "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "";
    io.out(`${prelude}${script(await commands())}`);
    return [];
  },
};

function script(commands: readonly CommandDefinition[]): string {
  const cases = commands.map((one) => `    ${nameOf(one)}) words="${flagsOf(one).join(" ")}" ;;\n`).join("");
  return `_fleet() {
  local words="" command="\${COMP_WORDS[1]}" word="\${COMP_WORDS[COMP_CWORD]}"
  case "$command" in
${cases}  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(nameOf).join(" ")}"
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _fleet fleet
`;
}

function nameOf(command: CommandDefinition): string {
  return command.usage.split(" ")[0] ?? "";
}

function flagsOf(command: CommandDefinition): string[] {
  return Object.keys(command.options).map((flags) => flags.split(" ")[0] ?? "");
}

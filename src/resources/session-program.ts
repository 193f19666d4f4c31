/**
 * The program that starts an agent's program in the agent's own conversation; see docs/runtimes.md. Claude Code and pi
 * accept an ID that is chosen before the first start. Codex chooses its IDs itself. The program therefore reads the ID
 * from Codex's record of the conversation that began after the first start.
 */
export const SESSION_PROGRAM_TEXT = String.raw`#!/bin/sh
# Starts an agent's program in its own conversation: muster-session KIND PROGRAM [ARGUMENT...]
# The ID is in ~/.muster. Whatever is wrong with it, the program starts, with a new conversation if necessary.
kind=$1
shift
folder=$HOME/.muster
file=$folder/session-$kind
id=
[ ! -r "$file" ] || read -r id <"$file"
case $id in *[!0-9a-f-]*) id= ;; esac
keep() {
  id=$1
  mkdir -p "$folder" 2>/dev/null && echo "$id" >"$file.new" && mv -f "$file.new" "$file"
}
choose() {
  [ -n "$id" ] || keep "$(cat /proc/sys/kernel/random/uuid)"
}
# Prints the mode that settings.json declares, because a continued conversation would keep its former mode.
mode() {
  case " $* " in *" --permission-mode"* | *" --dangerously-skip-permissions "*) return ;; esac
  settings=$HOME/.claude/settings.json
  [ ! -r "$settings" ] || sed -n 's/.*"defaultMode"[^"]*"\([A-Za-z]*\)".*/\1/p' "$settings" | head -n 1
}
case $kind in
  claude)
    if [ -n "$id" ] && [ -n "$(find "$HOME/.claude/projects" -mindepth 2 -maxdepth 2 -name "$id.jsonl" 2>/dev/null)" ]; then
      mode=$(mode "$@")
      exec "$@" --resume "$id" ${"$"}{mode:+--permission-mode "$mode"}
    fi
    choose
    exec "$@" --session-id "$id"
    ;;
  pi)
    choose
    exec "$@" --session-id "$id"
    ;;
  codex)
    records=$HOME/.codex/sessions
    begun=$folder/session-codex-begun
    if [ -z "$id" ] && [ -e "$begun" ]; then
      # Conversations of other programs, such as those of jobs and of helpers, have another source than the terminal.
      own=$(find "$records" -name 'rollout-*.jsonl' -newer "$begun" 2>/dev/null | sort | while read -r one; do
        head -n 1 "$one" | grep -q '"source":"cli"' && echo "$one"
      done | tail -n 1)
      [ -z "$own" ] || keep "$(echo "$own" | grep -Eo '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' | tail -n 1)"
    fi
    if [ -n "$id" ] && [ -n "$(find "$records" -name "rollout-*-$id.jsonl" 2>/dev/null)" ]; then
      exec "$@" resume "$id"
    fi
    rm -f "$file"
    mkdir -p "$folder" 2>/dev/null && : >"$begun"
    ;;
esac
exec "$@"
`;

import { IDENTITIES_DIR, RUNTIME_DIR } from "../model/host-paths.ts";

/**
 * The program that starts an agent's program in the agent's own conversation; see docs/runtimes.md. Claude Code and pi
 * accept an ID that is chosen before the first start. Codex and Hermes choose their IDs themselves. For Codex, the
 * program reads the ID from the record of the conversation that began after the first start. For Hermes, the program
 * chooses the source of the conversation, and finds the conversation by its source.
 */
export const SESSION_PROGRAM_TEXT = String.raw`#!/bin/sh
# Starts an agent's program in its own conversation: muster-session KIND PROGRAM [ARGUMENT...]
# The ID is in ~/.muster. Whatever is wrong with it, the program starts, with a new conversation if necessary.
kind=$1
shift
folder=$HOME/.muster
file=$folder/session-$kind
begun=$folder/session-codex-begun
seen=$folder/identity-$kind
id=
[ ! -r "$file" ] || read -r id <"$file"
had=
[ ! -e "$file" ] && [ ! -e "$begun" ] || had=yes
case $id in *[!0-9a-f-]*) id= ;; esac
# Reads the identity that up has written, and the identity that the conversation has.
declared= policy= identity=
[ ! -r "${IDENTITIES_DIR}/$MUSTER_AGENT" ] || read -r declared policy <"${IDENTITIES_DIR}/$MUSTER_AGENT"
[ ! -r "$seen" ] || read -r identity <"$seen"
: "${"$"}{identity:=$declared}"
# Writes a line to a file that does not have it yet.
keep() {
  [ "$(cat "$1")" = "$2" ] || { echo "$2" >"$1.new" && mv -f "$1.new" "$1"; }
}
choose() {
  id=$(cat /proc/sys/kernel/random/uuid)
}
# Prints the file of the conversation's record, or for Hermes its ID. Prints nothing if there is no record.
record() {
  [ -n "$id" ] || return
  case $kind in
    claude) find "$HOME/.claude/projects" -mindepth 2 -maxdepth 2 -name "$id.jsonl" ;;
    codex) find "$HOME/.codex/sessions" -name "rollout-*-$id.jsonl" ;;
    pi) find "$HOME/.pi/agent/sessions" -name "*_$id.jsonl" ;;
    hermes) ${RUNTIME_DIR}/run agent conversation "${"$"}{HERMES_HOME:-$HOME/.hermes}/state.db" "muster-$id" ;;
  esac 2>/dev/null | head -n 1
}
# Prints the ID of the first conversation that began in the terminal after the last new start. Conversations of other
# programs, such as those of jobs and of helpers, have another source.
codex_id() {
  find "$HOME/.codex/sessions" -name 'rollout-*.jsonl' -newer "$begun" 2>/dev/null | sort | while read -r one; do
    head -n 1 "$one" | grep -q '"source":"cli"' && echo "$one" && break
  done | grep -Eo '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' | tail -n 1
}
if [ "$kind" = codex ] && [ -z "$id" ] && [ -e "$begun" ]; then
  id=$(codex_id)
  [ -z "$id" ] || keep "$file" "$id"
fi 2>/dev/null
# A process that already has this conversation keeps this lock until it ends.
mkdir -p "$folder" 2>/dev/null
how= former=
if { true >>"$folder/lock-$kind"; } 2>/dev/null; then
  exec 9>>"$folder/lock-$kind"
  flock -w 3 9 || how=busy
fi
found=
if [ -n "$how" ]; then
  former=$id
elif [ -n "$declared" ] && [ "$policy" = fresh ] && [ "$declared" != "$identity" ]; then
  how=identity former=$id
else
  found=$(record)
  [ -z "$found" ] || how=resumed
  [ -n "$how" ] || [ -z "$had" ] || how=lost former=$id
fi
: "${"$"}{how:=new}"
if [ "$how" != resumed ]; then
  # A lost ID of Claude Code, pi and Hermes can be used again, because no conversation has it.
  [ "$how" = lost ] && [ "$kind" != codex ] && [ -n "$id" ] || choose
  identity=$declared
elif [ "$kind" != hermes ]; then
  # Hermes keeps the identity with which a conversation began. The others read it again when they start.
  identity=$declared
fi
if [ "$how" != busy ]; then
  if [ "$kind" != codex ]; then keep "$file" "$id"
  elif [ "$how" != resumed ]; then
    rm -f "$file"
    true >"$begun"
  fi
  [ -z "$identity" ] || keep "$seen" "$identity"
fi 2>/dev/null
# The deadman reads this line for the history and for fleet ps: how the program starts, the identity of its
# conversation, and the conversation that it continues or that it can no longer continue.
[ "$how" != resumed ] || former=$id
[ -z "$RUNTIME_DIRECTORY" ] ||
  keep "$RUNTIME_DIRECTORY/conversation" "$how ${"$"}{identity:--} ${"$"}{former:--}" 2>/dev/null
# Prints the mode that settings.json declares, because a continued conversation would keep its former mode.
mode() {
  case " $* " in *" --permission-mode"* | *" --dangerously-skip-permissions "*) return ;; esac
  settings=$HOME/.claude/settings.json
  [ ! -r "$settings" ] || sed -n 's/.*"defaultMode"[^"]*"\([A-Za-z]*\)".*/\1/p' "$settings" | head -n 1
}
# Prints the value of a key before the first table of config.toml.
codex_key() {
  settings=$HOME/.codex/config.toml
  [ ! -r "$settings" ] || sed -n "/^[[:space:]]*\[/q; s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*[\"']\([a-z-]*\)[\"'].*/\1/p" "$settings" | head -n 1
}
case $kind-$how in
  claude-resumed)
    mode=$(mode "$@")
    exec "$@" --resume "$id" ${"$"}{mode:+--permission-mode "$mode"}
    ;;
  claude-* | pi-*) exec "$@" --session-id "$id" ;;
  codex-resumed)
    approval= sandbox=
    case " $* " in
      *" -a "* | *" --ask-for-approval"* | *approval_policy* | *" --dangerously-bypass-"* | *" --full-auto "* | *" --yolo "*) ;;
      *) approval=$(codex_key approval_policy) ;;
    esac
    case " $* " in
      *" -s "* | *" --sandbox"* | *sandbox_mode* | *" --dangerously-bypass-"* | *" --full-auto "* | *" --yolo "*) ;;
      *) sandbox=$(codex_key sandbox_mode) ;;
    esac
    exec "$@" ${"$"}{approval:+-c "approval_policy=\"$approval\""} ${"$"}{sandbox:+-c "sandbox_mode=\"$sandbox\""} resume "$id"
    ;;
  hermes-resumed) exec env "HERMES_SESSION_SOURCE=muster-$id" "$@" --resume "$found" ;;
  hermes-*) exec env "HERMES_SESSION_SOURCE=muster-$id" "$@" ;;
esac
exec "$@"
`;

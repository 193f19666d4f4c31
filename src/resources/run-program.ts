/**
 * The program `muster-run` in the first pane of an agent's tmux. muster-run runs the agent's program. When the agent's
 * program has ended, muster-run saves the last lines of the terminal and the exit status, and ends tmux. The unit
 * therefore also ends, even if the agent has started other programs.
 */
export const RUN_PROGRAM_TEXT = `#!/bin/sh
# Runs an agent's program in the agent's tmux: muster-run PROGRAM [ARGUMENT...]
server=$PPID
socket=\${TMUX%%,*}
pane=$TMUX_PANE
last=$LOGS_DIRECTORY/last-run
# Whoever attaches to this tmux does not change the size of the agent's window. When the terminal has been silent for a
# minute, tmux itself writes its rows to a file, in which the deadman finds open dialogs. Without \`kill-session -C\`,
# which only clears the alert, tmux would do this once.
timeout 5 /usr/bin/tmux -S "$socket" set-option -w -t "$pane" window-size manual \\; \\
  set-option -w -t "$pane" monitor-silence 60 \\; set-option -t "$pane" silence-action any \\; \\
  set-option -t "$pane" visual-silence on \\; set-hook -t "$pane" alert-silence \\
  "capture-pane -J -b muster -t $pane ; save-buffer -b muster $RUNTIME_DIRECTORY/pane ; delete-buffer -b muster ; kill-session -C"
# The program trusts the certificates of the host and uses its proxy, unless its environment says otherwise.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -r "$bundle" ]; then
  : "\${NODE_EXTRA_CA_CERTS=$bundle}" "\${SSL_CERT_FILE=$bundle}" "\${REQUESTS_CA_BUNDLE=$bundle}"
  export NODE_EXTRA_CA_CERTS SSL_CERT_FILE REQUESTS_CA_BUNDLE
fi
if [ -r /etc/environment ]; then
  while IFS== read -r name value; do
    name=\${name#export }
    case $name in
      HTTP_PROXY | HTTPS_PROXY | ALL_PROXY | NO_PROXY | http_proxy | https_proxy | all_proxy | no_proxy) ;;
      *) continue ;;
    esac
    value=\${value#[\\"\\']}
    /usr/bin/env | grep -q "^$name=" || export "$name=\${value%[\\"\\']}"
  done </etc/environment
fi
if [ -n "\${HTTP_PROXY:-}\${HTTPS_PROXY:-}\${ALL_PROXY:-}\${http_proxy:-}\${https_proxy:-}\${all_proxy:-}" ]; then
  # Node uses a proxy only with this variable. No proxy leads to the host itself.
  : "\${NODE_USE_ENV_PROXY=1}"
  [ -n "\${NO_PROXY+x}\${no_proxy+x}" ] || NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1
  export NODE_USE_ENV_PROXY NO_PROXY no_proxy
fi
# A trapped signal does not end this script, and has its usual effect on the agent's program.
trap : HUP INT QUIT TERM
# systemd keeps this folder if the unit file was damaged when the former run ended.
rm -f "$RUNTIME_DIRECTORY/ended"
echo $$ >"$RUNTIME_DIRECTORY/started"
# Without TMUX, the program's own calls of tmux use another server.
/usr/bin/env -u TMUX -u TMUX_PANE -u LOGS_DIRECTORY "$@"
status=$?
: >"$RUNTIME_DIRECTORY/ended"
{
  timeout 5 /usr/bin/tmux -S "$socket" capture-pane -p -J -S -50 -t "$pane"
  echo "$status"
} >"$last.new" 2>/dev/null
mv -f "$last.new" "$last"
read -r _ _ _ parent _ <"/proc/$$/stat"
if [ "$parent" = "$server" ]; then
  kill "$server"
  # systemd ends this sleep. The deadman would take a tmux without this script for one whose program has left it.
  sleep 5
fi
exit "$status"
`;

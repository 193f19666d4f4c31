# Sets up what runs on the hosts of three real fleets, on one host: agents of `systemd --user` of a shared user (dev),
# agents of root (timmy), and agents in tmux sessions with a holder unit (jarvis). It is run as root.
set -e
manager() { user=$1; shift; runuser -u "$user" -- env "XDG_RUNTIME_DIR=/run/user/$(id -u "$user")" systemctl --user "$@"; }
lingering() {
  useradd --create-home --shell /bin/bash "$1"
  loginctl enable-linger "$1"
  for _ in $(seq 50); do manager "$1" is-system-running 2>/dev/null | grep -qE 'running|degraded' && break || sleep 0.2; done
  mkdir -p "/home/$1/.config/systemd/user"
}
# An agent that counts in the file notes of its folder. Each line has the process, so that a lost line is noticed.
agent() {
  mkdir -p "$1"
  printf '# %s\n' "${1##*/}" >"$1/SOUL.md"
  cat >"$1/run.pl" <<'PERL'
#!/usr/bin/perl
my $n = 0;
if (open my $notes, "<", "notes") { $n++ while <$notes> }
while (1) { open my $notes, ">>", "notes" or die; print $notes ++$n . " $$\n"; close $notes; select undef, undef, undef, 0.2 }
PERL
  chmod 755 "$1/run.pl"
}

# Arc: agents and timers of `systemd --user`, of one user for all.
lingering dev
for name in iris loom; do
  agent "/home/dev/agents/$name"
  ln -s /etc/passwd "/home/dev/agents/$name/out"
  printf '[Service]\nWorkingDirectory=%%h/agents/%s\nEnvironment=ARC_KEY=canary-%s\nExecStart=%%h/agents/%s/run.pl\nRestart=always\n[Install]\nWantedBy=default.target\n' \
    "$name" "$name" "$name" >"/home/dev/.config/systemd/user/$name.service"
done
printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' >/home/dev/.config/systemd/user/arc-sensors.service
printf '[Timer]\nOnBootSec=2min\nOnUnitActiveSec=1min\n[Install]\nWantedBy=timers.target\n' >/home/dev/.config/systemd/user/arc-sensors.timer
chown -R dev: /home/dev
manager dev daemon-reload
manager dev enable -q --now iris loom arc-sensors.timer

# Timmy: agents of root, a crontab, and a tmux with 50 panes.
for name in timmy bezalel; do
  agent "/root/wizards/$name"
  printf '[Service]\nWorkingDirectory=/root/wizards/%s\nExecStart=/root/wizards/%s/run.pl\n[Install]\nWantedBy=multi-user.target\n' \
    "$name" "$name" >"/etc/systemd/system/hermes-$name.service"
done
systemctl daemon-reload
systemctl enable -q --now hermes-timmy hermes-bezalel
mkdir -p /var/spool/cron/crontabs
printf '*/10 * * * * /usr/local/bin/deadman\n0 3 * * * /usr/local/bin/retro\n' >/var/spool/cron/crontabs/root
tmux -L burn new-session -d -s burn -x 300 -y 300 'sleep 100000'
for i in $(seq 49); do tmux -L burn new-window -d -t burn "sleep $((100000 + i))"; done

# Mosaic: sessions on the socket of a holder. The units of the agents have ended, and do not start at boot.
lingering jarvis
mkdir -p /home/jarvis/.config/mosaic/fleet
for name in canary-pi dogfood-coder; do agent "/home/jarvis/src/$name"; done
cat >/home/jarvis/.config/mosaic/fleet/start-agent-session.sh <<'SH'
#!/bin/sh
exec tmux -S "$HOME/.config/mosaic/fleet/tmux" new-session -d -s "$1" -c "$HOME/src/$1" -e "MOSAIC_AGENT_NAME=$1" "$HOME/src/$1/run.pl"
SH
chmod 755 /home/jarvis/.config/mosaic/fleet/start-agent-session.sh
printf '[Service]\nType=forking\nExecStart=/usr/bin/tmux -S %%h/.config/mosaic/fleet/tmux new-session -d -s _holder "sleep infinity"\n' \
  >/home/jarvis/.config/systemd/user/mosaic-tmux-holder.service
printf '[Unit]\nRequires=mosaic-tmux-holder.service\nAfter=mosaic-tmux-holder.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=%%h/.config/mosaic/fleet/start-agent-session.sh %%i\n' \
  >/home/jarvis/.config/systemd/user/mosaic-agent@.service
chown -R jarvis: /home/jarvis
manager jarvis daemon-reload
manager jarvis start mosaic-tmux-holder mosaic-agent@canary-pi
# A person has started this agent by hand, on the same socket.
runuser -u jarvis -- tmux -S /home/jarvis/.config/mosaic/fleet/tmux new-session -d -s dogfood-coder \
  -c /home/jarvis/src/dogfood-coder /home/jarvis/src/dogfood-coder/run.pl

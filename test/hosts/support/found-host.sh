# Sets up a server with a history: agents that run in all the ways in which people run them. `canary` is in each text
# that may be a secret. It is run as root.
set -e
unit() { cat >"/etc/systemd/system/$1"; }
groupadd -f docker
for name in iris ezra wren sam tess kai nova forge dev bob num loom shared; do useradd --create-home --shell /bin/bash "$name"; done
useradd --system --create-home --home-dir /var/lib/orin orin
usermod -aG docker,video,sudo iris
echo 'kai ALL=(root) NOPASSWD: /usr/bin/id' >/etc/sudoers.d/kai
mkdir -p /opt/wren /etc/agents /run/mosaic
printf '#!/bin/sh\nwhile :; do sleep 3; done\n' >/usr/local/bin/agent
chmod 755 /usr/local/bin/agent

# The files of the agents.
printf '\357\273\277# Iris\r\nno newline at the end' >/home/iris/SOUL.md
echo '# memory' >/home/iris/MEMORY.md
echo 'not a database' >/home/iris/contacts.db
printf 'notes\nthe API token is canary9-abc123\n' >/home/kai/TOOLS.md
printf 'SLACK_BOT_TOKEN=\nNO_PROXY=\nPORT=18789\nTZ=UTC\nexport A=1\nB = 2\nC="two lines\\\nhere"\nK=canary0\n' >/etc/agents/iris1.env
chmod 600 /etc/agents/iris1.env
for name in iris kai; do chown -R "$name:" "/home/$name"; done

# Services of the system.
unit iris.service <<'UNIT'
[Unit]
Description=iris
After=network.target
[Service]
User=iris
ExecStart=/usr/local/bin/agent --old
EnvironmentFile=-/etc/agents/iris*.env
EnvironmentFile=-/etc/agents/none*.env
Environment="ODD=a$b \"q\"" A1=1 PATH=/opt/x/bin:/usr/bin:/bin
Environment=LOG_LEVEL=info
ExecStartPre=/bin/true
MemoryMax=2G
CPUQuota=150%
TasksMax=200
UMask=0027
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p /etc/systemd/system/iris.service.d
printf '[Service]\nExecStart=\nExecStart = /usr/local/bin/agent \\\n  --port 7 $$HOME\n' >/etc/systemd/system/iris.service.d/o.conf
printf '[Service]\nUser=%%i\nWorkingDirectory=~\nExecStart=/usr/local/bin/agent %%i\n' | unit claude@.service
printf '[Service]\nUser=wren\nExecStart=/usr/local/bin/agent\n[Install]\nWantedBy=multi-user.target\n' >/opt/wren/wren.service
systemctl link -q /opt/wren/wren.service
printf '[Service]\nExecStart=/usr/local/bin/agent root\n' | unit rootagent.service
printf '[Service]\nUser=orin\nExecStart=/usr/local/bin/agent orin\n' | unit orin.service
printf '[Service]\nUser=%s\nExecStart=/usr/local/bin/agent num\n' "$(id -u num)" | unit num.service
printf '[Service]\nUser=sam\nType=forking\nExecStart=/bin/sh -c "setsid /usr/local/bin/agent & sleep 0.2"\n' | unit sam.service
printf '[Service]\nUser=tess\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "setsid /usr/local/bin/agent & sleep 0.2"\n' | unit tess.service
unit kai.service <<'UNIT'
[Service]
User=kai
Environment=SMTP_PASS=canary1 DATABASE_URL=postgres://u:canary2@h/d
ExecStart=/usr/local/bin/agent --token canary3 --api-key=canary4 https://u:canary5@h/x --port 7
UNIT
printf '[Service]\nUser=nova\nEnvironment=HTTP_PROXY=a http_proxy=b NO_PROXY=c no_proxy=d\nExecStart=/usr/local/bin/agent\n' | unit nova.service
printf '[Service]\nUser=loom\nType=forking\nExecStart=/usr/bin/tmux new-session -A -d -s s -x 80 -e API_KEY=canary6 -e MODE=real -c /srv /usr/local/bin/agent --port 7\n' | unit loom.service
printf '[Service]\nUser=dev\nType=oneshot\nExecStart=/bin/true\n' | unit nightly.service
printf '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n' | unit nightly.timer
systemctl daemon-reload
systemctl enable -q iris wren nightly.timer
systemctl start iris claude@ezra wren rootagent orin num sam tess kai nova loom nightly.timer

# Sessions on a socket with a holder unit.
chown shared: /run/mosaic
printf '[Service]\nUser=shared\nType=forking\nExecStart=/usr/bin/tmux -S /run/mosaic/tmux new-session -d -s holder "sleep infinity"\n' | unit mosaic.service
systemctl start mosaic
for name in one two; do runuser -u shared -- tmux -S /run/mosaic/tmux new-session -d -s "$name" /usr/local/bin/agent; done
runuser -u shared -- tmux -S /run/mosaic/tmux split-window -d -t one '/bin/sleep 999'

# Services of a user's own systemd.
mkdir -p /home/forge/.config/systemd/user /home/forge/.local/share/systemd/user
printf '[Service]\nExecStart=/usr/local/bin/agent gateway\n[Install]\nWantedBy=default.target\n' >/home/forge/.config/systemd/user/openclaw-gateway.service
printf '[Service]\nExecStart=/usr/local/bin/agent\n' >/home/forge/.local/share/systemd/user/idle.service
chown -R forge: /home/forge/.config /home/forge/.local
loginctl enable-linger forge
manager() { runuser -u forge -- env "XDG_RUNTIME_DIR=/run/user/$(id -u forge)" systemctl --user "$@"; }
for _ in 1 2 3 4 5 6 7 8 9 10; do manager daemon-reload 2>/dev/null && break || sleep 1; done
manager enable -q --now openclaw-gateway

# Programs that no service has started, and what starts later.
runuser -u bob -- sh -c 'setsid nohup /usr/local/bin/agent >/dev/null 2>&1 &'
tmux -L rootsock new-session -d -s timmy 'sleep 998'
mkdir -p /var/spool/cron/crontabs
echo '* * * * * true' >/var/spool/cron/crontabs/dev

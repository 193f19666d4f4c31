import { type Fault, scripted } from "./fault.ts";

const KEY = "/etc/ssh/ssh_host_ed25519_key";
const ONE_SESSION = "/etc/ssh/sshd_config.d/one-session.conf";
const NOISE = `seq 1 300; echo "muster says hi"; printf "no line end"; echo oops >&2 # noise`;

export const login: readonly Fault[] = [
  scripted({
    name: "changed host key",
    effect: "unreachable",
    says: /its host key is not the pinned one/,
    begin: `mv ${KEY} /root/key; ssh-keygen -q -t ed25519 -N '' -f ${KEY}; systemctl restart ssh`,
    end: `mv /root/key ${KEY}; systemctl restart ssh`,
  }),
  scripted({
    name: "noisy login shell",
    effect: "none",
    begin: `sed -i '1i ${NOISE}' /root/.bashrc`,
    end: "sed -i '/# noise$/d' /root/.bashrc",
  }),
  scripted({
    name: "MaxSessions 1",
    effect: "none",
    begin: `echo 'MaxSessions 1' > ${ONE_SESSION}; systemctl restart ssh`,
    end: `rm ${ONE_SESSION}; systemctl restart ssh`,
  }),
];

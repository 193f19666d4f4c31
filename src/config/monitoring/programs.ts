import { join } from "node:path";
import { CREDENTIALS_DIR } from "../../model/host-paths.ts";
import {
  MONITORING_NAME,
  type MonitoringProgram,
  monitoringDir,
  monitoringRunDir,
} from "../../model/monitoring-programs.ts";

/** The paths of a monitoring program's files on its host. */
export interface ProgramPlace {
  /** The folder with the declared files. */
  readonly dir: string;
  /** The folder in memory that belongs to the program's user. */
  readonly runDir: string;
  /** The private key. */
  readonly key: string;
  /** The program's own certificate, which is created at each start of the program. */
  readonly certificate: string;
  /** The certificate with which the program checks the certificates of other programs. */
  readonly authority: string;
}

/**
 * Returns the paths of a program's files. @param service the name of its service @param credential the credential with
 * the key
 */
export function placeOf(program: MonitoringProgram, service: string, credential: string): ProgramPlace {
  const runDir = monitoringRunDir(program);
  return {
    dir: monitoringDir(program),
    runDir,
    key: join(CREDENTIALS_DIR, service, credential),
    certificate: `${runDir}/certificate.pem`,
    authority: `${runDir}/authority.pem`,
  };
}

/**
 * The settings for openssl. Each program creates its own certificates from the same key, and accepts only programs with
 * this key. Certificates are therefore never sent to a host, and do not have to be renewed. The name of the authority's
 * certificate must differ from the name of the program's certificate, because Go accepts no chain of two certificates
 * with the same name and key.
 */
export const CERTIFICATE_SETTINGS = `[req]
distinguished_name = name
prompt = no
[name]
CN = ${MONITORING_NAME}
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[program]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:${MONITORING_NAME}
`;

/**
 * Returns the commands that create the certificates of a program: first the authority's certificate, then the program's
 * own certificate.
 */
export function certificateCommands({ dir, key, certificate, authority }: ProgramPlace): string[] {
  const make = `/usr/bin/openssl req -x509 -new -key ${key} -config ${dir}/certificates.cnf -days 36500`;
  return [
    `${make} -extensions authority -subj /CN=${MONITORING_NAME}-authority -out ${authority}`,
    `${make} -extensions program -CA ${authority} -CAkey ${key} -out ${certificate}`,
  ];
}

/** Returns the settings of a program's web server: it accepts only clients that have the key. */
export function webConfig({ key, certificate, authority }: ProgramPlace): object {
  return {
    tls_server_config: {
      cert_file: certificate,
      key_file: key,
      client_auth_type: "RequireAndVerifyClientCert",
      client_ca_file: authority,
      min_version: "TLS13",
    },
  };
}

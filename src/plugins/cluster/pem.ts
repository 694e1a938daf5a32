// Checks certificates in PEM. OpenSSL skips authorities that it cannot read, and the servers would then seem to be wrong.
import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g

/** Whether a text has at least one certificate, and all of them are complete. */
export function checkAuthorities(pem: string): boolean {
  const found = pem.match(CERTIFICATE)
  if (found === null) return false
  return found.every(one => {
    try {
      return new X509Certificate(one).raw.length > 0
    } catch {
      return false
    }
  })
}

/** Whether a certificate and a key belong together. */
export function checkCertificate(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key })
    return true
  } catch {
    return false
  }
}

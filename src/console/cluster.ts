// Words for the state of the cluster, and remedies if there is no connection. The codes are those of /api/health.
import type { ClusterHealth } from './answers.ts'

const REMEDIES: Readonly<Record<string, string>> = {
  NWS_ERR_CLUSTER_UNREACHABLE:
    'No NATS server answers. Check the addresses in NWS_CLUSTER_URL, and whether nats-server runs there.',
  NWS_ERR_CLUSTER_REFUSED:
    'The NATS server does not accept this proxy. Check NWS_CLUSTER_CREDENTIALS, NWS_CLUSTER_TOKEN, or NWS_CLUSTER_USER and NWS_CLUSTER_PASSWORD.',
  NWS_ERR_CLUSTER_TLS:
    'TLS with the NATS server fails. Check its certificate, and the files of NWS_CLUSTER_TLS_CA, NWS_CLUSTER_TLS_CERT and NWS_CLUSTER_TLS_KEY.',
  NWS_ERR_CLUSTER_PERMISSION:
    'The NATS server does not let this proxy publish or subscribe. Allow both for the subjects nws.> there.'
}

export function clusterAdvice({ state, server = '', error = '' }: ClusterHealth): {
  mood: 'good' | 'warning' | ''
  words: string
  hint: string
} {
  const hint = REMEDIES[error] ?? ''
  if (hint === '' && state === 'connected') return { mood: 'good', words: `In a cluster through ${server}`, hint }
  if (state === 'connected') return { mood: 'warning', words: `Cut off from its cluster at ${server}`, hint }
  if (hint === '') return { mood: '', words: 'Looking for its cluster …', hint }
  return {
    mood: 'warning',
    words: state === 'connecting' ? 'Cannot reach its cluster' : 'Has lost its cluster',
    hint: `${hint} The proxy keeps trying. Channels on this computer and on linked proxies still work.`
  }
}

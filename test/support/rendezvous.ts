// Clients of the rendezvous for tests: real sockets whose messages are taken one by one, and accounts made by the way
// that users take. Waits for messages, never for time; asserts nothing.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { ClientOptions } from 'ws'
import { openSocket } from './channel.ts'

export const PASSWORD = 'correct horse battery'

/** A message of the rendezvous. */
export interface Message {
  readonly type: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
}

/** A socket to the rendezvous. */
export interface RawClient {
  /** Sends a message, or a text or bytes as they are. */
  send(type: string, data?: unknown): void
  sendRaw(bytes: string | Buffer): void
  next(): Promise<Message>
  /** The next message of a type, passing over others. */
  nextOf(type: string): Promise<Message>
  /** The messages up to the answer of a request that changes nothing: a fence, not a pause. */
  arrived(): Promise<Message[]>
  closed(): Promise<{ code: number; reason: string }>
  close(): Promise<unknown>
}

/** One that has logged in. */
export interface Client extends RawClient {
  readonly id: number
  readonly session: string
  /** The four or five messages of its login. */
  readonly welcome: Message[]
}

/** Opens a socket; does not log in. */
export async function openRendezvous(
  t: Test,
  ws: string,
  path = '/bv/socket',
  options: ClientOptions = {}
): Promise<RawClient> {
  const { socket, closed, take } = openSocket(t, `${ws}${path}`, options)
  await Promise.race([
    once(socket, 'open'),
    closed.then(({ code, reason }) => {
      throw new Error(`refused: ${code} ${reason}`)
    })
  ])
  const sendRaw = (bytes: string | Buffer): void => socket.send(bytes)
  const send = (type: string, data: unknown = {}): void => sendRaw(JSON.stringify({ type, data }))
  const next = async (): Promise<Message> => JSON.parse((await take()).bytes.toString()) as Message
  return {
    send,
    sendRaw,
    next,
    nextOf: async type => {
      for (;;) {
        const message = await next()
        if (message.type === type) return message
      }
    },
    arrived: async () => {
      send('peerCandidate', { to: 0, candidate: null })
      const messages: Message[] = []
      for (;;) {
        const message = await next()
        if (message.type === 'error' && message.data.to === 0) return messages
        messages.push(message)
      }
    },
    closed: () => closed,
    close: async () => {
      socket.close()
      return await closed
    }
  }
}

/** Opens a socket and logs in. @param credentials name, or a session */
export async function logIn(
  t: Test,
  ws: string,
  credentials: string | { session: string },
  password = PASSWORD
): Promise<Client> {
  const client = await openRendezvous(t, ws)
  client.send('login', typeof credentials === 'string' ? { user: credentials, password } : credentials)
  const welcome: Message[] = []
  while (welcome.length < 5) {
    const message = await client.next()
    if (message.type === 'error') throw new Error(message.data.code as string)
    welcome.push(message)
  }
  return { ...client, welcome, id: welcome[2]!.data.peerId as number, session: welcome[0]!.data.session as string }
}

const json = { 'content-type': 'application/json' }

/** The token of a new one-time link. */
export async function invite(url: string, name = ''): Promise<string> {
  const answer = await fetch(`${url}/api/users`, { method: 'POST', headers: json, body: JSON.stringify({ name }) })
  const { link } = (await answer.json()) as { link: string }
  return link.slice(link.indexOf('#') + 1)
}

/** Asks for something with an invitation's token. */
export async function useInvitation(
  url: string,
  what: 'status' | 'accept',
  body: object,
  headers: Record<string, string> = {}
) {
  const answer = await fetch(`${url}/bv/invite/${what}`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(body)
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** Makes an account by invitation. */
export async function addUser(url: string, name: string, password = PASSWORD): Promise<void> {
  const { status, body } = await useInvitation(url, 'accept', { token: await invite(url), name, password })
  if (status !== 201) throw new Error(JSON.stringify(body))
}

/** Argon2id of PASSWORD, made once: to hash takes a good part of a second on a busy machine. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=65536,t=2,p=1$MQLf7hiMrNyGbQgN2RljOw$4lYe+B6cgdwmMyZtXrJ9G7/MPlNPS8CgMthf3lTl8/I'

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** Makes an account with PASSWORD and a session, past the hashing. @returns the session */
export async function enrol(app: FastifyInstance, name: string): Promise<{ session: string }> {
  const store = await app.rendezvous.service.store()
  const now = Date.now()
  const hash = hashOf(randomBytes(16).toString('hex'))
  await store.createInvitation({
    hash,
    suggestion: '',
    invitedBy: undefined,
    resets: undefined,
    now,
    expiresAt: now + 60_000,
    limit: 1
  })
  const user = await store.acceptInvitation(hash, { name, passwordHash: PASSWORD_HASH }, now)
  if ('refusal' in user) throw new Error(user.refusal)
  const session = randomBytes(16).toString('base64url')
  await store.createSession({
    hash: hashOf(session),
    id: session.slice(0, 8),
    userId: user.id,
    origin: null,
    now,
    expiresAt: now + 3_600_000,
    limit: 100
  })
  return { session }
}

/** Makes two users trust each other. @returns when both have heard of it */
export async function exchangeToken(
  issuer: RawClient,
  claimer: RawClient,
  aliases: { ofClaimer: string; ofIssuer: string }
): Promise<void> {
  issuer.send('requestToken', { name: aliases.ofClaimer })
  const {
    data: { token }
  } = await issuer.nextOf('tokenResponse')
  claimer.send('claimToken', { name: aliases.ofIssuer, token })
  await claimer.nextOf('claimResponse')
}

"""The dialling end of links, written from docs/protocol/link.md alone. No sockets: messages in, messages and events out.

It brings one channel and one peer, which is enough to meet every kind of frame.
"""

import os

from arithmetic import (BASE_POINT, aead_open, aead_seal, from_hash, generator_string, hmac_sha512, lv, mac, random_scalar,
                        scalar_mult, sha512, x25519)

HELLO, PING, PONG, CLOSE, REKEY, ACK = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
WANT, M1, M2, M3, M4, M5, M6 = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16
DATA, LEAVE, HELD, FROM = 0x20, 0x21, 0x22, 0x23
EXTENSIONS = 0x80
JOIN, PART, BROADCAST, DIRECT = 1, 2, 3, 4
FIRST, LAST = 1, 2
PUT_ALL_IN, DEALT_FROM_ALL, MORE = 1, 2, 4
RX_MAX, MAX_PLAINTEXT, MAX_DATA = 1052672, 65519, 65507
ID_BYTES = frozenset(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
# What R may send, and its length.
FROM_R = {HELLO: None, PING: 8, PONG: 8, CLOSE: 2, REKEY: 0, ACK: 8, WANT: 0, M2: None, M4: None, M6: None, DATA: None, LEAVE: 8, HELD: None, FROM: 8}


class Fault(Exception):
    """The link must end with this close code."""

    def __init__(self, code, reason):
        super().__init__(f'{code} {reason}')
        self.code = code


def u16(number):
    return number.to_bytes(2, 'big')


def u32(number):
    return number.to_bytes(4, 'big')


def frame(kind, *pieces):
    body = b''.join(pieces)
    return bytes([kind]) + u16(len(body)) + body


# The handshake

def hkdf(ck, data):
    t = hmac_sha512(ck, data)
    first = hmac_sha512(t, b'\1')
    return first, hmac_sha512(t, first + b'\2')


class Cipher:
    """One direction."""

    def __init__(self, key):
        self.key = key[:32]
        self.n = 0

    def _nonce(self):
        return bytes(4) + self.n.to_bytes(8, 'little')

    def seal(self, plaintext, ad=b''):
        sealed = aead_seal(self.key, self._nonce(), ad, plaintext)
        self.n += 1
        return sealed

    def open(self, sealed, ad=b''):
        plaintext = aead_open(self.key, self._nonce(), ad, sealed)
        if plaintext is not None:
            self.n += 1
        return plaintext

    def rekey(self):
        self.key = aead_seal(self.key, bytes(4) + b'\xff' * 8, b'', bytes(32))[:32]


def id_of(public):
    return sha512(b'NWS3/id' + public)[:16]


class Symmetric:
    """Noise's symmetric state."""

    def __init__(self, prologue):
        self.ck = b'Noise_IX_25519_ChaChaPoly_SHA512' + bytes(32)
        self.h = sha512(self.ck + prologue)
        self.cipher = None

    def mix_hash(self, data):
        self.h = sha512(self.h + data)

    def mix_secret(self, secret, public):
        shared = x25519(secret, public)
        if shared == bytes(32):
            raise Fault(1008, 'no secret')
        self.ck, key = hkdf(self.ck, shared)
        self.cipher = Cipher(key)

    def seal(self, plaintext):
        sealed = self.cipher.seal(plaintext, self.h) if self.cipher else plaintext
        self.mix_hash(sealed)
        return sealed

    def open(self, data):
        plaintext = self.cipher.open(data, self.h)
        if plaintext is None:
            raise Fault(1008, 'a message of the handshake is forged')
        self.mix_hash(data)
        return plaintext

    def split(self):
        return [Cipher(key) for key in hkdf(self.ck, b'')]


class Initiator:
    """Noise IX, the side that begins."""

    def __init__(self, prologue, static, ephemeral):
        self.state, self.s, self.e = Symmetric(prologue), static, ephemeral

    def write(self, payload=b''):
        e, s = x25519(self.e, BASE_POINT), x25519(self.s, BASE_POINT)
        self.state.mix_hash(e)
        return e + self.state.seal(s) + self.state.seal(payload)

    def read(self, message):
        """The other's static key, and the payload."""
        re = message[:32]
        self.state.mix_hash(re)
        self.state.mix_secret(self.e, re)
        self.state.mix_secret(self.s, re)
        rs = self.state.open(message[32:80])
        self.state.mix_secret(self.e, rs)
        return rs, self.state.open(message[80:])


class Handshake:
    """The dialler's. After finish(): h, remote, send, receive."""

    def __init__(self, static, id_r=bytes(16), ephemeral=None):
        self.id_r, self.own = id_r, id_of(x25519(static, BASE_POINT))
        prologue = b'NWS3' + id_r
        self.noise = Initiator(prologue, static, ephemeral or os.urandom(32))
        self.w0 = prologue + self.noise.write()

    def finish(self, w1):
        if len(w1) != 96:
            raise Fault(1002, 'W1 has a wrong length')
        rs, _ = self.noise.read(w1)
        self.remote = id_of(rs)
        if self.remote == self.own or self.id_r not in (bytes(16), self.remote):
            raise Fault(1002, 'another id answers')
        self.h = self.noise.state.h
        self.send, self.receive = self.noise.state.split()


# Frames

def hello(mine, yours, received, generation, port=0):
    return u32(0) + mine + yours + received.to_bytes(8, 'big') + u32(generation) + u16(port)


def transcript(h, hello_i, hello_r):
    return sha512(lv(b'NWS3/link', h, hello_i, hello_r))


def read_frames(plaintext):
    """Yields the frames up to the first fault, which it raises."""
    if not 1 <= len(plaintext) <= MAX_PLAINTEXT:
        raise Fault(1002, 'length of a plaintext')
    at = 0
    while at < len(plaintext):
        kind, length = plaintext[at], int.from_bytes(plaintext[at + 1:at + 3], 'big')
        end = at + 3 + length
        if at + 3 > len(plaintext) or end > len(plaintext):
            raise Fault(1002, 'a frame is cut off')
        if kind >= EXTENSIONS:
            at = end
            continue
        if kind not in FROM_R:
            raise Fault(1002, 'type or direction of a frame')
        if FROM_R[kind] not in (None, length) or kind == HELLO and length < 34:
            raise Fault(1002, 'length of a frame')
        yield kind, plaintext[at + 3:end]
        if kind == CLOSE:
            return
        if kind == REKEY and end < len(plaintext):
            raise Fault(1002, 'something follows REKEY')
        at = end


# Rounds

class Round:
    """One round of the dialler. The random choices can be given, for vectors."""

    def __init__(self, r, L, id_i, id_r, names, flags, scalar=random_scalar, padding=lambda: os.urandom(32), filler=os.urandom, shuffle=True):
        self.r, self.L, self.ci = r, L, lv(id_i, id_r)
        self.ad_i, self.ad_r = b'I', b'R'
        self.scalar, self.filler = scalar, filler
        self.n = 3
        while 2**self.n < len(names):
            self.n += 1
        self.slots = [(name.encode(), name) for name in names]
        self.slots += [(padding(), None) for _ in range(2**self.n - len(names))]
        if shuffle:
            for last in range(len(self.slots) - 1, 0, -1):
                other = int.from_bytes(os.urandom(16), 'big') % (last + 1)
                self.slots[last], self.slots[other] = self.slots[other], self.slots[last]
        self.a = scalar()
        self.elements = [scalar_mult(self.a, self.g(prs)) for prs, _ in self.slots]
        self.m1 = u32(r) + bytes([flags, self.n]) + b''.join(self.elements)

    def g(self, prs):
        return from_hash(sha512(generator_string(b'NWS3-PSI-ristretto255', prs, self.ci, self.L + u32(self.r))))

    def hint(self, role, K):
        return sha512(lv(b'NWS3/hint' + role, self.th, K))[:16]

    def items(self, body, count, length):
        if len(body) != 4 + count * length or body[:4] != u32(self.r):
            raise Fault(1002, 'length or number of a message of a round')
        return [body[4 + i * length:4 + (i + 1) * length] for i in range(count)]

    def on_m2(self, body):
        """Takes M2; gives M3 and the flags of M2."""
        if len(body) < 6 or body[:4] != u32(self.r) or body[4] & ~MORE or not 3 <= body[5] <= 9 or len(body) != 6 + 32 * 2**body[5]:
            raise Fault(1002, 'form of M2')
        elements = [body[i:i + 32] for i in range(6, len(body), 32)]
        if len(set(elements + self.elements)) != len(elements) + len(self.elements):
            raise Fault(1008, 'an element occurs twice or comes back')
        self.th = sha512(lv(b'NWS3/round', self.L, bytes([M1]) + self.m1, bytes([M2]) + body))
        self.hints, hints = {}, []
        for j, element in enumerate(elements):
            K = scalar_mult(self.a, element)
            if K is None:
                raise Fault(1008, 'an element is not valid')
            hints.append(self.hint(b'I', K))
            self.hints[self.hint(b'R', K)] = j
        return u32(self.r) + b''.join(hints), body[4]

    def on_m4(self, body):
        """Takes M4; gives M5."""
        self.pairs, hit, out = {}, set(), []
        for i, item in enumerate(self.items(body, len(self.slots), 48)):
            j = self.hints.get(item[:16])
            if j is None:
                out.append(self.filler(64))
                continue
            if j in hit:
                raise Fault(1008, 'a slot is hit twice')
            hit.add(j)
            out.append(self.confirm(i, j, item[16:]))
        return u32(self.r) + b''.join(out)

    def confirm(self, i, j, Z_r):
        sid = sha512(lv(b'NWS3/cpace', self.th, u16(i), u16(j)))
        generator = from_hash(sha512(generator_string(b'CPaceRistretto255', self.slots[i][0], self.ci, sid)))
        z_i = self.scalar()
        Z_i = scalar_mult(z_i, generator)
        K = scalar_mult(z_i, Z_r)
        if K is None or Z_i == Z_r:
            raise Fault(1008, 'a share is not valid')
        isk = sha512(lv(b'CPaceRistretto255_ISK', sid, K) + lv(Z_r, self.ad_r) + lv(Z_i, self.ad_i))
        mk = sha512(b'CPaceMac' + sid + isk)
        self.pairs[i] = (mac(mk, lv(Z_r, self.ad_r)), mac(isk, b'NWS3/handle')[:8])
        return Z_i + mac(mk, lv(Z_i, self.ad_i))

    def on_m6(self, body):
        """Takes M6; gives the confirmed channels, name and handle."""
        tags = self.items(body, len(self.slots), 32)
        for i, (tag, _) in self.pairs.items():
            if tags[i] != tag or self.slots[i][1] is None:
                raise Fault(1008, 'a tag does not fit')
        return [(self.slots[i][1], handle) for i, (_, handle) in self.pairs.items()]


# Channel messages

def peer_id(text):
    return bytes([len(text)]) + text.encode()


def fragments(handle, message):
    """DATA frames of a message."""
    cuts = list(range(0, len(message), MAX_DATA)) or [0]
    for start in cuts:
        flags = (FIRST if start == 0 else 0) | (LAST if start == cuts[-1] else 0)
        yield frame(DATA, handle, bytes([flags]), message[start:start + MAX_DATA])


def read_id(message, at):
    length = message[at] if at < len(message) else 0
    text = message[at + 1:at + 1 + length]
    if not 1 <= length <= 64 or len(text) != length or not ID_BYTES.issuperset(text):
        raise Fault(1002, 'an id is malformed')
    return text.decode(), at + 1 + length


def read_message(message):
    """A channel message as a dict."""
    kind = message[0] if message else 0
    if not JOIN <= kind <= DIRECT:
        raise Fault(1002, 'type of a channel message')
    source, at = read_id(message, 1)
    if kind in (JOIN, PART):
        if at != len(message):
            raise Fault(1002, 'length of a channel message')
        return {'event': 'join' if kind == JOIN else 'part', 'id': source}
    target = None
    if kind == DIRECT:
        target, at = read_id(message, at)
    if at + 9 > len(message):
        raise Fault(1002, 'length of a channel message')
    seq, binary = int.from_bytes(message[at:at + 8], 'big'), message[at + 8]
    if not 1 <= seq < 2**53 or binary > 1:
        raise Fault(1002, 'seq or kind of a channel message')
    return {'event': 'message', 'source': source, 'target': target, 'seq': seq, 'binary': binary == 1, 'payload': message[at + 9:]}


class Process:
    """What outlives the links of one process: its key, the session with the one remote, one channel and one peer."""

    def __init__(self, name, peer):
        self.name, self.peer, self.secret = name, peer, os.urandom(32)
        self.id = id_of(x25519(self.secret, BASE_POINT))
        self.links, self.seq, self.open, self.events = [], 0, True, []
        self.generation = 0
        self.forget()

    def forget(self):
        """A new session, under a new name."""
        self.mine, self.yours, self.carry = os.urandom(8), bytes(8), None
        self.taken, self.base, self.kept = 0, 0, []
        self.handle, self.gone = None, set()
        self.unfinished, self.joined = {}, set()

    def send(self, payload, target=None, binary=False):
        """A message of the peer, with the next of its numbers."""
        self.seq += 1
        kind = bytes([BROADCAST]) + peer_id(self.peer) if target is None else bytes([DIRECT]) + peer_id(self.peer) + peer_id(target)
        if self.handle is not None:
            self.say(kind + self.seq.to_bytes(8, 'big') + bytes([binary]) + payload)

    def say(self, message):
        for part in fragments(self.handle, message):
            self.write(part)

    def write(self, written):
        """A frame of the session: kept until it is acknowledged."""
        self.kept.append(written)
        if self.carry is not None:
            self.carry.put(written)

    def acknowledged(self, number):
        if number > self.base + len(self.kept):
            raise Fault(1002, 'more is acknowledged than was sent')
        if number > self.base:
            self.kept = self.kept[number - self.base:]
            self.base = number

    def leave(self):
        """Closes the channel."""
        self.open = False
        if self.handle is not None:
            self.write(frame(LEAVE, self.handle))
            self.drop()

    def drop(self):
        self.gone.add(self.handle)
        self.handle, self.joined = None, set()
        self.unfinished.clear()

    def take(self, kind, body):
        """DATA or LEAVE, in its turn."""
        self.taken += 1
        if kind == DATA:
            self.on_data(body)
        else:
            self.on_leave(body)

    def on_data(self, body):
        if len(body) < 9:
            raise Fault(1002, 'length of DATA')
        handle, flags, part = body[:8], body[8], body[9:]
        if handle != self.handle:
            return
        so_far = self.unfinished.pop(handle, None)
        if flags & ~(FIRST | LAST) or (flags & FIRST != 0) == (so_far is not None):
            raise Fault(1002, 'flags of DATA')
        whole = (so_far or b'') + part
        if len(whole) > RX_MAX:
            raise Fault(1009, 'a message is too long')
        if flags & LAST:
            self.on_message(read_message(whole))
        else:
            self.unfinished[handle] = whole

    def on_message(self, message):
        if message['event'] == 'join':
            self.joined.add(message['id'])
        elif message['event'] == 'part':
            self.joined.discard(message['id'])
        elif message['source'] not in self.joined or message['target'] not in (None, self.peer):
            return
        self.events.append(message)

    def on_leave(self, handle):
        if handle in self.gone:
            self.gone.discard(handle)
        elif handle == self.handle:
            self.write(frame(LEAVE, handle))
            self.drop()
            self.gone.discard(handle)
            self.events.append({'event': 'left'})
            if self.open and self.carry is not None:
                self.carry.renew()


class Link:
    """A dialler's end. Call start(), then receive() with each message.

    `sent` collects messages to send, `events` what happened. `over` is set when the link has ended.
    """

    def __init__(self, process, dialled_id=bytes(16)):
        self.process, self.dialled = process, dialled_id
        self.sent, self.events, self.out = [], [], []
        process.links.append(self)
        self.state, self.over = 'noise', None
        self.round, self.step, self.r = None, None, 0
        self.new, self.wanted = True, True
        self.held, self.skip = set(), None

    def start(self):
        self.handshake = Handshake(self.process.secret, self.dialled)
        self.sent.append(self.handshake.w0)

    def write(self, kind, *pieces):
        self.put(frame(kind, *pieces))

    def put(self, written):
        if sum(map(len, self.out)) + len(written) > MAX_PLAINTEXT:
            self.flush()
        self.out.append(written)

    def flush(self, rekey=False):
        if rekey:
            self.write(REKEY)
        if self.out and self.over is None:
            self.sent.append(self.handshake.send.seal(b''.join(self.out)))
        self.out = []
        if rekey:
            self.handshake.send.rekey()

    def receive(self, message):
        if self.over is not None:
            return
        try:
            if self.state == 'noise':
                self.handshake.finish(message)
                self.state = 'hello'
                self.greet()
            else:
                plaintext = self.handshake.receive.open(message)
                if plaintext is None:
                    raise Fault(1008, 'a record does not open')
                for kind, body in read_frames(plaintext):
                    self.take(kind, body)
                    if self.over is not None:
                        break
        except Fault as fault:
            self.close(fault.code)
            self.events.append({'event': 'fault', 'reason': str(fault)})
        self.events += self.process.events
        self.process.events = []
        self.flush()

    def close(self, code=1000):
        if self.state == 'open' and self.over is None:
            self.write(CLOSE, u16(code))
            self.flush()
        self.ended(code)

    def ended(self, code):
        """The link is over; codes below 4000 end the session, too, and None says that the connection was cut."""
        if self.over is None and self.process.carry is self:
            self.process.carry = None
            if code is not None and code < 4000:
                self.process.forget()
        self.over = code or 0

    def take(self, kind, body):
        if self.state == 'hello':
            self.meet(kind, body)
        elif kind == PING:
            self.write(ACK, self.process.taken.to_bytes(8, 'big'))
            self.write(PONG, body)
        elif kind == PONG:
            self.events.append({'event': 'pong', 'x': body.hex()})
        elif kind == REKEY:
            self.handshake.receive.rekey()
        elif kind == CLOSE:
            code = int.from_bytes(body, 'big')
            self.ended(code)
            self.events.append({'event': 'closed', 'code': code})
        elif kind == WANT:
            self.wanted = True
            self.sweep()
        elif kind in (M2, M4, M6):
            self.on_round(kind, body)
        elif kind == HELLO:
            raise Fault(1002, 'HELLO comes twice')
        elif self.process.carry is self:
            self.on_session(kind, body)

    # The session

    def greet(self):
        process = self.process
        self.generation = process.generation + 1
        self.own_hello = hello(process.mine, process.yours, process.taken, self.generation)
        self.write(HELLO, self.own_hello)

    def meet(self, kind, body):
        if kind != HELLO:
            raise Fault(1002, 'the first frame is not HELLO')
        process, mine, yours = self.process, body[4:12], body[12:20]
        if mine == bytes(8):
            raise Fault(1002, 'HELLO is wrong')
        self.L = transcript(self.handshake.h, self.own_hello, body)
        self.state = 'open'
        self.events.append({'event': 'open', 'remote': self.handshake.remote.hex()})
        if yours != process.mine:
            self.close(4000)
            return
        if mine != process.yours:
            if process.yours != bytes(8):
                name = process.mine
                process.forget()
                process.mine = name
            process.yours = mine
        self.generation = max(self.generation, int.from_bytes(body[28:32], 'big'))
        process.generation = max(process.generation, self.generation)
        process.acknowledged(max(process.base, int.from_bytes(body[20:28], 'big')))
        other = process.carry
        # Both were dialled by this end, so that the smaller L decides between equal ones.
        if other is not None and (other.generation, self.L) > (self.generation, other.L):
            self.close(4000)
            return
        process.carry = self
        if other is not None:
            other.close(4000)
        if process.handle is not None:
            self.write(HELD, process.handle)
        self.write(FROM, process.base.to_bytes(8, 'big'))
        for written in process.kept:
            self.put(written)
        self.events.append({'event': 'carries'})
        self.sweep()

    def on_session(self, kind, body):
        process = self.process
        if kind == ACK:
            process.acknowledged(int.from_bytes(body, 'big'))
        elif kind == HELD:
            self.held |= {body[at:at + 8] for at in range(0, len(body), 8)}
        elif kind == FROM:
            number = int.from_bytes(body, 'big')
            if self.skip is not None or number > process.taken:
                raise Fault(1002, 'FROM')
            self.skip = process.taken - number
            if process.handle is not None and process.handle not in self.held:
                process.drop()
                self.renew()
        elif self.skip is None:
            raise Fault(1002, 'a frame of the session comes before FROM')
        elif self.skip > 0:
            self.skip -= 1
        else:
            process.take(kind, body)

    # Sweeps: with one channel there is one block.

    def renew(self):
        self.new = True
        self.sweep()

    def sweep(self):
        if self.round is not None or not (self.wanted or self.new):
            return
        # With one channel, what is new is everything: bit 2 is always true.
        self.candidates = [self.process.name] if self.process.open and self.process.handle is None else []
        flags = DEALT_FROM_ALL | (PUT_ALL_IN if self.new and self.candidates else 0)
        self.flags, self.new, self.wanted = flags, False, False
        self.next_round()

    def next_round(self):
        names = [name for name in self.candidates if self.process.open and self.process.handle is None]
        self.round = Round(self.r, self.L, self.process.id, self.handshake.remote, names, self.flags)
        self.step = M2
        self.write(M1, self.round.m1)

    def on_round(self, kind, body):
        if kind != self.step:
            raise Fault(1002, 'a message of a round comes out of order')
        if kind == M2:
            m3, self.flags_of_m2 = self.round.on_m2(body)
            self.step = M4
            self.write(M3, m3)
        elif kind == M4:
            self.step = M6
            self.write(M5, self.round.on_m4(body))
        else:
            for name, handle in self.round.on_m6(body):
                self.confirmed(name, handle)
            self.round, self.step = None, None
            self.r += 1
            if self.flags_of_m2 & MORE:
                self.next_round()
            else:
                self.events.append({'event': 'swept'})
                self.sweep()

    def confirmed(self, name, handle):
        process = self.process
        if handle == process.handle or handle in process.gone:
            raise Fault(1008, 'a handle is in use')
        process.handle = handle
        self.events.append({'event': 'confirmed', 'name': name})
        if process.open:
            process.say(bytes([JOIN]) + peer_id(process.peer))
        else:
            process.leave()

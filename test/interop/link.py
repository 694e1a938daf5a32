"""The dialling end of a link, written from docs/protocol/link.md alone. No sockets: messages in, messages and events out.

Section numbers are those of the page. It brings one channel and one peer, which is enough to meet every kind of frame.
"""

import os

from arithmetic import (BASE_POINT, aead_open, aead_seal, from_hash, generator_string, hmac_sha512, lv, mac, random_scalar,
                        scalar_mult, sha512, x25519)

HELLO, PING, PONG, CLOSE, REKEY = 0x01, 0x02, 0x03, 0x04, 0x05
WANT, M1, M2, M3, M4, M5, M6 = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16
DATA, LEAVE, SAME = 0x20, 0x21, 0x22
JOIN, PART, BROADCAST, DIRECT = 1, 2, 3, 4
FIRST, LAST = 1, 2
PUT_ALL_IN, DEALT_FROM_ALL, MORE = 1, 2, 4
VERSION, RX_MAX, MAX_PLAINTEXT, MAX_DATA = 2, 1052672, 65519, 65505
ID_BYTES = frozenset(b'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-')
# §5.3: direction and length of what R may send.
FROM_R = {HELLO: 25, PING: 8, PONG: 8, CLOSE: 2, REKEY: 0, WANT: 0, M2: None, M4: None, M6: None, DATA: None, LEAVE: 8, SAME: 32}


class Fault(Exception):
    """The link must end with this close code (§5.8)."""

    def __init__(self, code, reason):
        super().__init__(f'{code} {reason}')
        self.code = code


def u16(number):
    return number.to_bytes(2, 'big')


def u32(number):
    return number.to_bytes(4, 'big')


def frame(kind, *pieces):
    body = b''.join(pieces)
    return bytes([kind]) + u32(len(body)) + body


# §5.2

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


class Handshake:
    """The dialler's. After finish(): h, ck, k_same, send, receive."""

    def __init__(self, id_i, id_r=bytes(16), secret=None):
        self.secret = secret or os.urandom(32)
        prologue = b'NWS2' + id_i + id_r
        e_i = x25519(self.secret, BASE_POINT)
        self.w0 = prologue + e_i
        self.ck = b'Noise_NN_25519_ChaChaPoly_SHA512' + bytes(32)
        self.h = sha512(self.ck + prologue)
        self.h = sha512(self.h + e_i)
        self.h = sha512(self.h)

    def finish(self, w1):
        if len(w1) != 48:
            raise Fault(1002, 'W1 has a wrong length')
        e_r, tag = w1[:32], w1[32:]
        self.h = sha512(self.h + e_r)
        shared = x25519(self.secret, e_r)
        if shared == bytes(32):
            raise Fault(1008, 'no secret')
        self.ck, key = hkdf(self.ck, shared)
        if Cipher(key).open(tag, self.h) is None:
            raise Fault(1008, 'W1 is forged')
        self.h = sha512(self.h + tag)
        k1, k2 = hkdf(self.ck, b'')
        self.send, self.receive = Cipher(k1), Cipher(k2)
        self.k_same = mac(self.ck, b'NWS2/same-key')


# §5.3

def hello(own_id):
    return own_id + bytes([VERSION]) + u32(0) + u32(RX_MAX)


def transcript(h, hello_i, hello_r):
    return sha512(lv(b'NWS2/link', h, hello_i, hello_r))


def read_frames(plaintext):
    """Yields the frames up to the first fault, which it raises."""
    if not 1 <= len(plaintext) <= MAX_PLAINTEXT:
        raise Fault(1002, 'length of a plaintext')
    at = 0
    while at < len(plaintext):
        kind = plaintext[at]
        if kind not in FROM_R or at + 5 > len(plaintext):
            raise Fault(1002, 'type or direction of a frame')
        length = int.from_bytes(plaintext[at + 1:at + 5], 'big')
        end = at + 5 + length
        if end > len(plaintext) or FROM_R[kind] not in (None, length):
            raise Fault(1002, 'length of a frame')
        yield kind, plaintext[at + 5:end]
        if kind == CLOSE:
            return
        if kind == REKEY and end < len(plaintext):
            raise Fault(1002, 'something follows REKEY')
        at = end


# §5.4

class Round:
    """One round of the dialler. The random choices can be given, for vectors."""

    def __init__(self, r, L, id_i, id_r, ver_i, ver_r, names, flags, scalar=random_scalar, padding=lambda: os.urandom(32), filler=os.urandom, shuffle=True):
        self.r, self.L, self.ci = r, L, lv(id_i, id_r)
        self.ad_i, self.ad_r = b'I' + bytes([ver_i]), b'R' + bytes([ver_r])
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
        return from_hash(sha512(generator_string(b'NWS2-PSI-ristretto255', prs, self.ci, self.L + u32(self.r))))

    def hint(self, role, K):
        return sha512(lv(b'NWS2/hint' + role, self.th, K))[:16]

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
        self.th = sha512(lv(b'NWS2/round', self.L, bytes([M1]) + self.m1, bytes([M2]) + body))
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
        sid = sha512(lv(b'NWS2/cpace', self.th, u16(i), u16(j)))
        generator = from_hash(sha512(generator_string(b'CPaceRistretto255', self.slots[i][0], self.ci, sid)))
        z_i = self.scalar()
        Z_i = scalar_mult(z_i, generator)
        K = scalar_mult(z_i, Z_r)
        if K is None or Z_i == Z_r:
            raise Fault(1008, 'a share is not valid')
        isk = sha512(lv(b'CPaceRistretto255_ISK', sid, K) + lv(Z_r, self.ad_r) + lv(Z_i, self.ad_i))
        mk = sha512(b'CPaceMac' + sid + isk)
        self.pairs[i] = (mac(mk, lv(Z_r, self.ad_r)), mac(isk, b'NWS2/handle')[:8])
        return Z_i + mac(mk, lv(Z_i, self.ad_i))

    def on_m6(self, body):
        """Takes M6; gives the confirmed channels, name and handle."""
        tags = self.items(body, len(self.slots), 32)
        for i, (tag, _) in self.pairs.items():
            if tags[i] != tag or self.slots[i][1] is None:
                raise Fault(1008, 'a tag does not fit')
        return [(self.slots[i][1], handle) for i, (_, handle) in self.pairs.items()]


# §5.7

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


def same_token(k_same_of_other, L, role):
    """§5.6."""
    return mac(k_same_of_other, lv(b'NWS2/same', L, role))


class Process:
    """What the links of one process share: an id, one channel, one peer, and the number of its last message."""

    def __init__(self, name, peer, own_id=None):
        self.name, self.peer, self.id = name, peer, own_id or os.urandom(16)
        self.links, self.seq, self.heard = [], 0, {}

    def send(self, payload, target=None, binary=False):
        """§5.7.3: one number per message, the same on every link."""
        self.seq += 1
        kind = bytes([BROADCAST]) + peer_id(self.peer) if target is None else bytes([DIRECT]) + peer_id(self.peer) + peer_id(target)
        for link in self.links:
            if link.handle is not None:
                link.say(kind + self.seq.to_bytes(8, 'big') + bytes([binary]) + payload)


class Link:
    """A dialler's end. Call start(), then receive() with each WebSocket message.

    `sent` collects WebSocket messages to send, `events` what happened. `over` is set when the link has ended.
    """

    def __init__(self, process, dialled_id=bytes(16)):
        self.process, self.name, self.peer = process, process.name, process.peer
        self.id, self.dialled = process.id, dialled_id
        self.sent, self.events, self.out = [], [], []
        process.links.append(self)
        self.state, self.over = 'noise', None
        self.round, self.step, self.r = None, None, 0
        self.new, self.wanted, self.open = True, True, True
        self.handle, self.left = None, set()
        self.unfinished, self.joined, self.tokens = {}, set(), []

    def start(self):
        self.handshake = Handshake(self.id, self.dialled)
        self.sent.append(self.handshake.w0)

    def write(self, kind, *pieces):
        written = frame(kind, *pieces)
        if sum(map(len, self.out)) + len(written) > MAX_PLAINTEXT:
            self.flush()
        self.out.append(written)

    def flush(self, rekey=False):
        if rekey:
            self.write(REKEY)
        if self.out:
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
                self.write(HELLO, hello(self.id))
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
        self.flush()

    def close(self, code=1000):
        if self.state == 'open' and self.over is None:
            self.write(CLOSE, u16(code))
            self.flush()
        self.over = code

    def take(self, kind, body):
        if self.state == 'hello':
            self.meet(kind, body)
        elif kind == PING:
            self.write(PONG, body)
        elif kind == PONG:
            self.events.append({'event': 'pong', 'x': body.hex()})
        elif kind == REKEY:
            self.handshake.receive.rekey()
        elif kind == CLOSE:
            self.over = int.from_bytes(body, 'big')
            self.events.append({'event': 'closed', 'code': self.over})
        elif kind == WANT:
            self.wanted = True
            self.sweep()
        elif kind in (M2, M4, M6):
            self.on_round(kind, body)
        elif kind == DATA:
            self.on_data(body)
        elif kind == LEAVE:
            self.on_leave(body)
        elif kind == HELLO:
            raise Fault(1002, 'HELLO comes twice')
        elif kind == SAME:
            self.tokens.append(body)
            self.compare()

    def meet(self, kind, body):
        if kind != HELLO:
            raise Fault(1002, 'the first frame is not HELLO')
        remote, version, rx_max = body[:16], body[16], int.from_bytes(body[21:], 'big')
        if remote in (bytes(16), self.id) or (self.dialled != bytes(16) and remote != self.dialled) or version < VERSION or rx_max < RX_MAX:
            raise Fault(1002, 'HELLO is wrong')
        self.remote, self.remote_version = remote, version
        self.L = transcript(self.handshake.h, hello(self.id), body)
        self.state = 'open'
        self.events.append({'event': 'open', 'remote': remote.hex()})
        for other in self.twins():
            self.write(SAME, same_token(other.handshake.k_same, self.L, b'I'))
            other.compare()
        self.sweep()

    # §5.6

    def twins(self):
        return [other for other in self.process.links if other is not self and other.over is None and other.state == 'open' and other.remote == self.remote]

    def compare(self):
        for other in self.twins():
            token = same_token(other.handshake.k_same, self.L, b'R')
            if token in self.tokens:
                self.tokens.remove(token)
                # Both were dialled by this end, so that the smaller L decides.
                self.events.append({'event': 'same', 'kept': 'this' if self.L < other.L else 'other'})

    # §5.5: with one channel there is one block.

    def sweep(self):
        if self.round is not None or not (self.wanted or self.new):
            return
        # With one channel, what is new is everything: bit 2 is always true.
        self.candidates = [self.name] if self.open and self.handle is None else []
        flags = DEALT_FROM_ALL | (PUT_ALL_IN if self.new and self.candidates else 0)
        self.flags, self.new, self.wanted = flags, False, False
        self.next_round()

    def next_round(self):
        names = [name for name in self.candidates if self.open and self.handle is None]
        self.round = Round(self.r, self.L, self.id, self.remote, VERSION, self.remote_version, names, self.flags)
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
        if handle == self.handle or handle in self.left:
            raise Fault(1008, 'a handle is in use')
        self.handle = handle
        self.events.append({'event': 'confirmed', 'name': name})
        if self.open:
            self.say(bytes([JOIN]) + peer_id(self.peer))
        else:
            self.leave()

    # §5.7

    def say(self, message):
        for part in fragments(self.handle, message):
            self.write(part[0], part[5:])

    def leave(self):
        """Closes the channel: PART, then LEAVE."""
        self.open = False
        if self.handle is not None:
            self.write(LEAVE, self.handle)
            self.left.add(self.handle)
            self.handle = None

    def reopen(self):
        self.open, self.new = True, True
        self.sweep()

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
        else:
            source, target = message['source'], message['target']
            # All links of this program go to one remote, so that the last number is kept for all of them.
            if source not in self.joined or message['seq'] <= self.process.heard.get(source, 0) or target not in (None, self.peer):
                return
            self.process.heard[source] = message['seq']
        self.events.append(message)

    def on_leave(self, handle):
        if handle in self.left:
            self.left.discard(handle)
        elif handle == self.handle:
            self.write(LEAVE, handle)
            self.handle, self.joined = None, set()
            self.unfinished.clear()
            self.events.append({'event': 'left'})
            if self.open:
                self.new = True
                self.sweep()

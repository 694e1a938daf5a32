"""The functions of docs/protocol/link.md §1.2 in plain Python: slow, not constant in time, for tests only. No protocol."""

import hashlib
import hmac
import os

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def sha512(message):
    return hashlib.sha512(message).digest()


def hmac_sha512(key, message):
    return hmac.new(key, message, hashlib.sha512).digest()


def mac(key, message):
    return hmac_sha512(key, message)[:32]


def leb128(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def lv(*items):
    return b''.join(leb128(len(item)) + item for item in items)


def generator_string(dsi, prs, ci, sid):
    padding = max(0, 127 - len(lv(prs)) - len(lv(dsi)))
    return lv(dsi, prs, bytes(padding), ci, sid)


def random_scalar():
    while True:
        scalar = bytearray(os.urandom(32))
        scalar[31] &= 0x0F
        if any(scalar):
            return bytes(scalar)


# X25519, RFC 7748 §5

def x25519(secret, point):
    k = int.from_bytes(secret, 'little')
    k = k & ~7 & (2**255 - 1) | 2**254
    x1 = (int.from_bytes(point, 'little') & (2**255 - 1)) % P
    x2, z2, x3, z3, swapped = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if bit != swapped:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, 'little')


BASE_POINT = (9).to_bytes(32, 'little')


# ChaCha20-Poly1305, RFC 8439

def _rotate(value, count):
    value &= 0xFFFFFFFF
    return (value << count | value >> (32 - count)) & 0xFFFFFFFF


def _quarter(s, a, b, c, d):
    s[a] = s[a] + s[b] & 0xFFFFFFFF
    s[d] = _rotate(s[d] ^ s[a], 16)
    s[c] = s[c] + s[d] & 0xFFFFFFFF
    s[b] = _rotate(s[b] ^ s[c], 12)
    s[a] = s[a] + s[b] & 0xFFFFFFFF
    s[d] = _rotate(s[d] ^ s[a], 8)
    s[c] = s[c] + s[d] & 0xFFFFFFFF
    s[b] = _rotate(s[b] ^ s[c], 7)


def _chacha_block(key, counter, nonce):
    words = [int.from_bytes(part[i:i + 4], 'little') for part in (b'expand 32-byte k', key) for i in range(0, len(part), 4)]
    words += [counter] + [int.from_bytes(nonce[i:i + 4], 'little') for i in range(0, 12, 4)]
    s = list(words)
    for _ in range(10):
        _quarter(s, 0, 4, 8, 12)
        _quarter(s, 1, 5, 9, 13)
        _quarter(s, 2, 6, 10, 14)
        _quarter(s, 3, 7, 11, 15)
        _quarter(s, 0, 5, 10, 15)
        _quarter(s, 1, 6, 11, 12)
        _quarter(s, 2, 7, 8, 13)
        _quarter(s, 3, 4, 9, 14)
    return b''.join((a + b & 0xFFFFFFFF).to_bytes(4, 'little') for a, b in zip(s, words))


def _chacha(key, nonce, data):
    stream = b''.join(_chacha_block(key, 1 + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, stream))


def _poly1305(key, message):
    r = int.from_bytes(key[:16], 'little') & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b'\1', 'little')) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], 'little') & 2**128 - 1).to_bytes(16, 'little')


def _aead_tag(key, nonce, ad, ciphertext):
    def padded(part):
        return part + bytes(-len(part) % 16)
    message = padded(ad) + padded(ciphertext) + len(ad).to_bytes(8, 'little') + len(ciphertext).to_bytes(8, 'little')
    return _poly1305(_chacha_block(key, 0, nonce)[:32], message)


def aead_seal(key, nonce, ad, plaintext):
    ciphertext = _chacha(key, nonce, plaintext)
    return ciphertext + _aead_tag(key, nonce, ad, ciphertext)


def aead_open(key, nonce, ad, sealed):
    """The plaintext, or None where the tag does not fit."""
    if len(sealed) < 16:
        return None
    ciphertext, tag = sealed[:-16], sealed[-16:]
    if not hmac.compare_digest(tag, _aead_tag(key, nonce, ad, ciphertext)):
        return None
    return _chacha(key, nonce, ciphertext)


# ristretto255, RFC 9496. Points are extended Edwards coordinates (X, Y, Z, T).

IDENTITY = (0, 1, 1, 0)


def _negative(x):
    return x % P & 1 == 1


def _absolute(x):
    x %= P
    return P - x if x & 1 else x


def _sqrt_ratio(u, v):
    """RFC 9496 §4.2."""
    v3 = v * v * v % P
    r = u * v3 * pow(u * v3 * v3 * v % P, (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, _absolute(r)


INVSQRT_A_MINUS_D = _sqrt_ratio(1, -1 - D)[1]
SQRT_AD_MINUS_ONE = P - _sqrt_ratio((-D - 1) % P, 1)[1]  # RFC 9496 §4.1 takes the odd root
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P


def decode(encoded):
    """RFC 9496 §4.3.1: a point, or None."""
    s = int.from_bytes(encoded, 'little')
    if len(encoded) != 32 or s >= P or s & 1:
        return None
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    u2_sq = u2 * u2 % P
    v = (-(D * u1 * u1) - u2_sq) % P
    square, invsqrt = _sqrt_ratio(1, v * u2_sq % P)
    den_x = invsqrt * u2 % P
    den_y = invsqrt * den_x * v % P
    x = _absolute(2 * s * den_x)
    y = u1 * den_y % P
    t = x * y % P
    if not square or _negative(t) or y == 0:
        return None
    return (x, y, 1, t)


def encode(point):
    """RFC 9496 §4.3.2."""
    x0, y0, z0, t0 = point
    u1 = (z0 + y0) * (z0 - y0) % P
    u2 = x0 * y0 % P
    _, invsqrt = _sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    if _negative(t0 * z_inv):
        x, y, den_inv = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    else:
        x, y, den_inv = x0, y0, den2
    if _negative(x * z_inv):
        y = -y % P
    return _absolute(den_inv * (z0 - y)).to_bytes(32, 'little')


def add(p, q):
    x1, y1, z1, t1 = p
    x2, y2, z2, t2 = q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _map(half):
    """RFC 9496 §4.3.4, MAP."""
    t = int.from_bytes(half, 'little') & 2**255 - 1
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    square, s = _sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -_absolute(s * t) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1, w2, w3 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P, (1 - s * s) % P, (1 + s * s) % P
    return (w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P)


def from_hash(h):
    if len(h) != 64:
        raise ValueError('exactly 64 bytes')
    return encode(add(_map(h[:32]), _map(h[32:])))


def scalar_mult(scalar, element):
    """The product, encoded; None where it fails."""
    point = decode(element)
    if point is None:
        return None
    k = int.from_bytes(scalar, 'little')
    result = IDENTITY
    for bit in range(k.bit_length() - 1, -1, -1):
        result = add(result, result)
        if k >> bit & 1:
            result = add(result, point)
    encoded = encode(result)
    return None if encoded == bytes(32) else encoded

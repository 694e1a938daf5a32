"""Checks this implementation against docs/vectors. Prints one line `N checks`, or fails."""

import json
import os
import sys

import link
from arithmetic import aead_open, decode, from_hash, generator_string, lv, mac, scalar_mult, sha512, x25519, BASE_POINT

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'vectors')
checks = 0


def vectors(name):
    with open(os.path.join(FOLDER, name), encoding='utf-8') as file:
        return json.load(file)


def unhex(text):
    return bytes.fromhex(text)


def same(found, expected, what):
    global checks
    checks += 1
    found = found.hex() if isinstance(found, (bytes, bytearray)) else found
    if found != expected:
        sys.exit(f'{what}: {found} is not {expected}')


def ristretto():
    file = vectors('ristretto.json')
    base = unhex(file['base_multiples'][1])
    for k, multiple in enumerate(file['base_multiples']):
        product = scalar_mult(k.to_bytes(32, 'little'), base)
        same(product, multiple if k > 0 else None, f'{k} times the base')
    for text in file['invalid_encodings']:
        same(decode(unhex(text)), None, 'an invalid encoding')
    same(scalar_mult((5).to_bytes(32, 'little'), bytes(32)), None, 'the identity')
    for vector in file['derivation']:
        same(from_hash(unhex(vector['in'])), vector['out'], 'from_hash')


def cpace():
    file = vectors('cpace.json')
    for vector in file['strings']['prepend_len']:
        same(lv(unhex(vector['in'])), vector['out'], 'lv of one')
    for vector in file['strings']['lv_cat']:
        same(lv(*map(unhex, vector['in'])), vector['out'], 'lv')
    v = {key: unhex(value) for key, value in file['vector'].items()}
    dsi, dsi_isk = unhex(file['DSI']), unhex(file['DSI_ISK'])
    string = generator_string(dsi, v['PRS'], v['CI'], v['sid'])
    same(string, file['generator_string'], 'generator_string')
    same(sha512(string), file['generator_hash'], 'its hash')
    g = from_hash(sha512(string))
    same(g, file['vector']['g'], 'generator')
    same(scalar_mult(v['ya'], g), file['vector']['Ya'], 'Ya')
    same(scalar_mult(v['yb'], g), file['vector']['Yb'], 'Yb')
    K = scalar_mult(v['ya'], v['Yb'])
    same(K, file['vector']['K'], 'K')
    same(scalar_mult(v['yb'], v['Ya']), file['vector']['K'], 'K of B')
    isk = sha512(lv(dsi_isk, v['sid'], K) + lv(v['Ya'], v['ADa']) + lv(v['Yb'], v['ADb']))
    same(isk, file['vector']['ISK_IR'], 'ISK')


def noise():
    for vector in vectors('noise-nn.json')['vectors']:
        if vector['protocol_name'] != 'Noise_NN_25519_ChaChaPoly_SHA512':
            continue
        # The handshake of a link has no payloads; these vectors do, so here it is step by step, with them.
        prologue = unhex(vector['init_prologue'])
        secret_i, secret_r = unhex(vector['init_ephemeral']), unhex(vector['resp_ephemeral'])
        e_i, e_r = x25519(secret_i, BASE_POINT), x25519(secret_r, BASE_POINT)
        ck = b'Noise_NN_25519_ChaChaPoly_SHA512' + bytes(32)
        h = sha512(ck + prologue)
        first, second, *rest = vector['messages']
        h = sha512(h + e_i)
        h = sha512(h + unhex(first['payload']))
        same(e_i + unhex(first['payload']), first['ciphertext'], 'message 1')
        h = sha512(h + e_r)
        ck, key = link.hkdf(ck, x25519(secret_i, e_r))
        sealed = link.Cipher(key).seal(unhex(second['payload']), h)
        same(e_r + sealed, second['ciphertext'], 'message 2')
        h = sha512(h + sealed)
        if vector.get('handshake_hash'):
            same(h, vector['handshake_hash'], 'h')
        ciphers = [link.Cipher(key) for key in link.hkdf(ck, b'')]
        for number, message in enumerate(rest):
            same(ciphers[number % 2].seal(unhex(message['payload'])), message['ciphertext'], 'a transport message')


def replay(slots, scalars, fillers):
    """The random choices of a vector, for link.Round."""
    return {'scalar': lambda: unhex(scalars.pop(0)), 'padding': lambda: unhex(slots.pop(0)), 'filler': lambda _: fillers.pop(0), 'shuffle': False}


def filler_of(m5, pairs):
    body = unhex(m5)[4:]
    return [body[i * 64:i * 64 + 64] for i in range(len(body) // 64) if i not in pairs]


def check_round(v, L, id_i, id_r, names, flags, scalars, padding, pairs):
    """Runs I against the messages that stand in a vector."""
    side = link.Round(v['r'], L, id_i, id_r, 2, 2, names, flags, **replay(padding, scalars, filler_of(v['M5'], [pair['i'] for pair in pairs])))
    same(side.m1, v['M1'], 'M1')
    m3, _ = side.on_m2(unhex(v['M2']))
    same(side.th, v['th'], 'th')
    same(m3, v['M3'], 'M3')
    same(side.on_m4(unhex(v['M4'])), v['M5'], 'M5')
    confirmed = side.on_m6(unhex(v['M6']))
    same([handle.hex() for _, handle in confirmed], [pair['handle'] for pair in pairs], 'handles')
    return side


def round_vector():
    v = vectors('nws2-round.json')
    pairs = [{'i': pair['slot_I'], **pair} for pair in v['pairs']]
    side = check_round(v, unhex(v['L']), unhex(v['id_I']), unhex(v['id_R']), v['names_I'], v['flags_I'], [v['a']] + [pair['z_I'] for pair in pairs],
                       [slot['PRS'] for slot in v['slots_I'] if 'name' not in slot], pairs)
    same(side.ci, v['CI'], 'CI')
    same(side.ad_i, v['AD_I'], 'AD_I')
    for slot in v['slots_I']:
        string = generator_string(b'NWS2-PSI-ristretto255', unhex(slot['PRS']), side.ci, side.L + link.u32(v['r']))
        same(string, slot['generator_string'], 'generator_string of a slot')
        same(side.g(unhex(slot['PRS'])), slot['psi_generator'], 'g of a slot')


def link_vector():
    v = vectors('nws2-link.json')
    id_i, id_r, handshake = unhex(v['id_I']), unhex(v['id_R']), v['handshake']
    dialler = link.Handshake(id_i, id_r, unhex(handshake['secret_I']))
    same(dialler.w0, handshake['W0'], 'W0')
    dialler.finish(unhex(handshake['W1']))
    for name, value in (('h', dialler.h), ('ck', dialler.ck), ('k_same', dialler.k_same), ('key_I_to_R', dialler.send.key), ('key_R_to_I', dialler.receive.key)):
        same(value, handshake[name], name)
    same(link.hello(id_i), v['hello']['HELLO_I'], 'HELLO of I')
    L = link.transcript(dialler.h, unhex(v['hello']['HELLO_I']), unhex(v['hello']['HELLO_R']))
    same(L, v['hello']['L'], 'L')
    pair = v['round']['pair']
    check_round(v['round'], L, id_i, id_r, v['round']['names_I'], v['round']['flags_I'], [v['round']['a'], pair['z_I']], list(v['round']['padding_I']), [pair])
    handle = unhex(pair['handle'])
    for message in v['messages']:
        plaintext, sealed = unhex(message['plaintext']), unhex(message['message'])
        if message['from'] == 'I':
            same(dialler.send.n, message['n'], 'n')
            same(dialler.send.seal(plaintext), message['message'], message['what'])
            if plaintext.endswith(link.frame(link.REKEY)):
                dialler.send.rekey()
        else:
            same(dialler.receive.n, message['n'], 'n')
            same(dialler.receive.open(sealed), message['plaintext'], message['what'])
            parts = b''.join(body[9:] for kind, body in link.read_frames(plaintext) if kind == link.DATA)
            if parts:
                same(link.read_message(parts)['event'] in ('join', 'part', 'message'), True, 'a channel message')
    broadcast = bytes([link.BROADCAST]) + link.peer_id('ada') + (1).to_bytes(8, 'big') + b'\0"Hello, everybody"'
    same(b''.join(link.fragments(handle, broadcast)).hex() in v['messages'][8]['plaintext'], True, 'DATA with BROADCAST')
    other = unhex(v['same']['k_same_of_the_other_link'])
    same(link.same_token(other, L, b'I'), v['same']['token_of_I'], 'SAME of I')
    same(link.same_token(other, L, b'R'), v['same']['token_of_R'], 'SAME of R')
    same(aead_open(bytes(32), bytes(12), b'', bytes(16)), None, 'a forged record')
    same(len(mac(b'', b'')), 32, 'MAC')


ristretto()
cpace()
noise()
round_vector()
link_vector()
print(f'{checks} checks')

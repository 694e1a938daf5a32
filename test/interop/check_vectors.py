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
    for vector in vectors('noise-ix.json')['vectors']:
        initiator = link.Initiator(unhex(vector['init_prologue']), unhex(vector['init_static']), unhex(vector['init_ephemeral']))
        first, second, *rest = vector['messages']
        same(initiator.write(unhex(first['payload'])), first['ciphertext'], 'message 1')
        rs, payload = initiator.read(unhex(second['ciphertext']))
        same(rs, x25519(unhex(vector['resp_static']), BASE_POINT).hex(), 'the static key')
        same(payload, second['payload'], 'message 2')
        same(initiator.state.h, vector['handshake_hash'], 'h')
        ciphers = initiator.state.split()
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
    side = link.Round(v['r'], L, id_i, id_r, names, flags, **replay(padding, scalars, filler_of(v['M5'], [pair['i'] for pair in pairs])))
    same(side.m1, v['M1'], 'M1')
    m3, _ = side.on_m2(unhex(v['M2']))
    same(side.th, v['th'], 'th')
    same(m3, v['M3'], 'M3')
    same(side.on_m4(unhex(v['M4'])), v['M5'], 'M5')
    confirmed = side.on_m6(unhex(v['M6']))
    same([handle.hex() for _, handle in confirmed], [pair['handle'] for pair in pairs], 'handles')
    return side


def round_vector():
    v = vectors('nws3-round.json')
    pairs = [{'i': pair['slot_I'], **pair} for pair in v['pairs']]
    side = check_round(v, unhex(v['L']), unhex(v['id_I']), unhex(v['id_R']), v['names_I'], v['flags_I'], [v['a']] + [pair['z_I'] for pair in pairs],
                       [slot['PRS'] for slot in v['slots_I'] if 'name' not in slot], pairs)
    same(side.ci, v['CI'], 'CI')
    same(side.ad_i, v['AD_I'], 'AD_I')
    for slot in v['slots_I']:
        string = generator_string(b'NWS3-PSI-ristretto255', unhex(slot['PRS']), side.ci, side.L + link.u32(v['r']))
        same(string, slot['generator_string'], 'generator_string of a slot')
        same(side.g(unhex(slot['PRS'])), slot['psi_generator'], 'g of a slot')


def one_link(v):
    """A link of the example, as its dialling end sees it. Gives L."""
    handshake, hello = v['handshake'], v['hello']
    secret = unhex(handshake['s_I_secret'])
    same(x25519(secret, BASE_POINT), handshake['s_I'], 's_I')
    same(link.id_of(unhex(handshake['s_I'])), v['id_I'], 'id_I')
    w0 = unhex(handshake['W0'])
    dialler = link.Handshake(secret, w0[4:20], unhex(handshake['e_I_secret']))
    same(dialler.w0, handshake['W0'], 'W0')
    dialler.finish(unhex(handshake['W1']))
    same(dialler.remote, v['id_R'], 'id_R')
    same(dialler.h, handshake['h'], 'h')
    L = link.transcript(dialler.h, unhex(hello['HELLO_I']), unhex(hello['HELLO_R']))
    same(L, hello['L'], 'L')
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
            for kind, _ in link.read_frames(plaintext):
                same(kind in link.FROM_R, True, 'a frame')
    return L


def link_vector():
    v = vectors('nws3-link.json')
    first, second = v['first'], v['second']
    L = one_link(first)
    one_link(second)
    hello = [unhex(body) for body in (first['hello']['HELLO_I'], first['hello']['HELLO_R'], second['hello']['HELLO_I'], second['hello']['HELLO_R'])]
    mine = [body[4:12] for body in hello]
    same(link.hello(mine[0], bytes(8), 0, 1, 9010), hello[0].hex(), 'HELLO of I')
    same(link.hello(mine[1], mine[0], 0, 1, 9020), hello[1].hex(), 'HELLO of R')
    same(link.hello(mine[1], mine[0], 2, 2, 9020), hello[2].hex(), 'HELLO of I on the second link')
    same(link.hello(mine[0], mine[1], 2, 2, 9010), hello[3].hex(), 'HELLO of R on the second link')
    pair = v['round']['pair']
    check_round(v['round'], L, unhex(first['id_I']), unhex(first['id_R']), v['round']['names_I'], v['round']['flags_I'], [v['round']['a'], pair['z_I']], list(v['round']['padding_I']), [pair])
    handle = unhex(pair['handle'])
    broadcast = bytes([link.BROADCAST]) + link.peer_id('ada') + (1).to_bytes(8, 'big') + b'\0"Hello, everybody"'
    same(b''.join(link.fragments(handle, broadcast)).hex() in first['messages'][8]['plaintext'], True, 'DATA with BROADCAST')
    same(aead_open(bytes(32), bytes(12), b'', bytes(16)), None, 'a forged record')
    same(len(mac(b'', b'')), 32, 'MAC')


ristretto()
cpace()
noise()
round_vector()
link_vector()
print(f'{checks} checks')

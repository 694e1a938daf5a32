"""The transport of docs/protocol/link.md §5.1 for a dialler: a WebSocket client on a plain socket. Nothing of the link."""

import base64
import hashlib
import os
import socket

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class WebSocket:
    """An open one. recv() blocks; fileno() is for select."""

    def __init__(self, host, port, timeout=10):
        self.socket = socket.create_connection((host, port), timeout)
        self.buffer = b''
        self.pieces = []
        key = base64.b64encode(os.urandom(16))
        name = f'[{host}]' if ':' in host else host
        self.socket.sendall((f'GET /nws2/link HTTP/1.1\r\nHost: {name}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                             f'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Protocol: nws.link.2\r\n\r\n').encode())
        while b'\r\n\r\n' not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        status, *lines = head.decode('latin1').split('\r\n')
        headers = {line.split(':', 1)[0].strip().lower(): line.split(':', 1)[1].strip() for line in lines}
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        if status.split(' ')[1] != '101' or headers.get('sec-websocket-accept') != accept:
            raise ConnectionError(f'no WebSocket: {status}')
        if headers.get('sec-websocket-protocol') != 'nws.link.2' or 'sec-websocket-extensions' in headers:
            raise ConnectionError('no link')

    def fileno(self):
        return self.socket.fileno()

    def _fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError('the connection has ended')
        self.buffer += data

    def _frame(self):
        """The first whole frame in the buffer, or None."""
        data = self.buffer
        if len(data) < 2:
            return None
        length, at = data[1] & 0x7F, 2
        if length >= 126:
            at = 4 if length == 126 else 10
            if len(data) < at:
                return None
            length = int.from_bytes(data[2:at], 'big')
        if len(data) < at + length:
            return None
        self.buffer = data[at + length:]
        return data[0], data[at:at + length]

    def read(self):
        """Reads once from the socket: the messages that are whole now; None when the WebSocket has been closed."""
        try:
            self._fill()
        except ConnectionError:
            return None
        return self.whole()

    def whole(self):
        messages = []
        while (found := self._frame()) is not None:
            first, payload = found
            opcode = first & 0x0F
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                self._send(CLOSE, payload[:2])
                return messages if messages else None
            elif opcode in (CONTINUATION, BINARY):
                self.pieces.append(payload)
                if first & 0x80:
                    messages.append(b''.join(self.pieces))
                    self.pieces = []
        return messages

    def _send(self, opcode, payload):
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else b'\xfe' + length.to_bytes(2, 'big') if length < 65536 else b'\xff' + length.to_bytes(8, 'big')
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + size + mask + masked)

    def send(self, message):
        self._send(BINARY, message)

    def close(self):
        try:
            self._send(CLOSE, (1000).to_bytes(2, 'big'))
        except OSError:
            pass
        self.socket.close()

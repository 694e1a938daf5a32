"""The transport of docs/protocol/link.md for a dialler: messages on a TCP connection. Nothing of the link."""

import socket

W1_BYTES = 96


class Connection:
    """An open one; the first message each way has a known length, the others have it in front. fileno() is for select."""

    def __init__(self, host, port, timeout=10):
        self.socket = socket.create_connection((host, port), timeout)
        self.buffer = b''
        self.sent_first, self.got_first = False, False

    def fileno(self):
        return self.socket.fileno()

    def read(self):
        """Reads once: the messages that are whole now; None if the connection has ended."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            return None
        if not data:
            return None
        self.buffer += data
        messages = []
        while True:
            head = 2 if self.got_first else 0
            if len(self.buffer) < head:
                return messages
            length = int.from_bytes(self.buffer[:2], 'big') if self.got_first else W1_BYTES
            if len(self.buffer) < head + length:
                return messages
            messages.append(self.buffer[head:head + length])
            self.buffer = self.buffer[head + length:]
            self.got_first = True

    def send(self, message):
        head = len(message).to_bytes(2, 'big') if self.sent_first else b''
        self.sent_first = True
        try:
            self.socket.sendall(head + message)
        except OSError:
            pass

    def close(self):
        self.socket.close()

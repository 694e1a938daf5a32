"""Dials a proxy and takes part in one channel with one peer. For tests; see python.test.ts.

Usage: python3 dial.py HOST PORT CHANNEL PEER

Reads commands from standard input, one JSON array a line: ["broadcast", TEXT], ["direct", TARGET, TEXT],
["binary", HEX], ["leave"], ["reopen"], ["dial"] (one more link to the same proxy), and for the link of a number, counted
from 0: ["rekey", N], ["ping", N, HEX], ["close", N, CODE], ["cut", N] (the connection ends without a word),
["raw", N, HEX] (a message as it stands). Ends with its session. Writes events to standard output, one JSON object a line.
"""

import json
import os
import select
import sys

import link
from connection import Connection as Transport


class Connection:
    """One link with its socket."""

    def __init__(self, number, process, host, port):
        self.number = number
        self.socket = Transport(host, port)
        self.end = link.Link(process)
        self.end.start()
        self.received = []

    def fileno(self):
        return self.socket.fileno()

    def tell(self, event):
        shown = {key: value for key, value in event.items() if key != 'payload'}
        if 'payload' in event:
            payload = event['payload']
            shown['payload'] = payload.hex() if event['binary'] else payload.decode('utf-8')
        print(json.dumps({'link': self.number, **shown}), flush=True)

    def work(self):
        """Takes what was received, sends and tells what came of it. False when the link is over."""
        messages, self.received = self.received, []
        for message in messages or []:
            self.end.receive(message)
        self.end.flush()
        for event in self.end.events:
            self.tell(event)
        self.end.events.clear()
        for message in self.end.sent:
            self.socket.send(message)
        self.end.sent.clear()
        if self.end.over is None and messages is not None:
            return True
        self.socket.close()
        self.tell({'event': 'over', 'code': self.end.over})
        if self.end.over is None:
            self.end.ended(None)
        return False


def main(host, port, channel, peer):
    process = link.Process(channel, peer)
    connections = {}

    def dial():
        number = len(process.links)
        connections[number] = Connection(number, process, host, int(port))

    def obey(command, *arguments):
        if command == 'broadcast':
            process.send(arguments[0].encode())
        elif command == 'binary':
            process.send(bytes.fromhex(arguments[0]), binary=True)
        elif command == 'direct':
            process.send(arguments[1].encode(), target=arguments[0])
        elif command == 'dial':
            dial()
        elif command == 'leave':
            process.leave()
        elif command == 'reopen':
            process.open = True
            process.carry.renew()
        else:
            connection = connections[arguments[0]]
            if command == 'rekey':
                connection.end.flush(rekey=True)
            elif command == 'ping':
                connection.end.write(link.PING, bytes.fromhex(arguments[1]))
            elif command == 'close':
                connection.end.close(arguments[1])
            elif command == 'cut':
                connection.socket.close()
                connection.end.ended(None)
                del connections[arguments[0]]
            elif command == 'raw':
                connection.socket.send(bytes.fromhex(arguments[1]))

    dial()
    commands = b''
    while True:
        for number, connection in list(connections.items()):
            if not connection.work():
                del connections[number]
        if not connections and process.yours == bytes(8):
            return
        ready, _, _ = select.select([sys.stdin, *connections.values()], [], [])
        for connection in connections.values():
            if connection in ready:
                connection.received = connection.socket.read()
        if sys.stdin in ready:
            chunk = os.read(sys.stdin.fileno(), 65536)
            if not chunk:
                return
            *lines, commands = (commands + chunk).split(b'\n')
            for line in lines:
                obey(*json.loads(line))


main(*sys.argv[1:])

"""Dials a proxy and takes part in one channel with one peer. For tests; see python.test.ts.

Usage: python3 dial.py HOST PORT CHANNEL PEER

Reads commands from standard input, one JSON array a line: ["broadcast", TEXT], ["direct", TARGET, TEXT],
["binary", HEX], ["rekey"], ["ping", HEX], ["leave"], ["reopen"], ["close"], ["raw", HEX] (a WebSocket message as it
stands). Writes events to standard output, one JSON object a line.
"""

import json
import os
import select
import sys

import link
from websocket import WebSocket


def tell(event):
    shown = {key: value for key, value in event.items() if key != 'payload'}
    if 'payload' in event:
        payload = event['payload']
        shown['payload'] = payload.hex() if event['binary'] else payload.decode('utf-8')
    print(json.dumps(shown), flush=True)


def obey(end, socket, command, *arguments):
    if command == 'broadcast':
        end.broadcast(arguments[0].encode())
    elif command == 'binary':
        end.broadcast(bytes.fromhex(arguments[0]), binary=True)
    elif command == 'direct':
        end.direct(arguments[0], arguments[1].encode())
    elif command == 'rekey':
        end.flush(rekey=True)
    elif command == 'ping':
        end.write(link.PING, bytes.fromhex(arguments[0]))
    elif command == 'leave':
        end.leave()
    elif command == 'reopen':
        end.reopen()
    elif command == 'close':
        end.close()
    elif command == 'raw':
        socket.send(bytes.fromhex(arguments[0]))
    end.flush()


def main(host, port, channel, peer):
    try:
        socket = WebSocket(host, int(port))
    except ConnectionError as error:
        tell({'event': 'refused', 'reason': str(error)})
        return
    end = link.Link(channel, peer)
    end.start()
    received = socket.whole()
    commands = b''
    while True:
        for message in received:
            end.receive(message)
        for event in end.events:
            tell(event)
        end.events.clear()
        for message in end.sent:
            socket.send(message)
        end.sent.clear()
        if end.over is not None:
            break
        received = []
        ready, _, _ = select.select([socket, sys.stdin], [], [])
        if socket in ready:
            received = socket.read()
            if received is None:
                tell({'event': 'ended'})
                return
        if sys.stdin in ready:
            chunk = os.read(sys.stdin.fileno(), 65536)
            if not chunk:
                end.close()
            commands += chunk
            *lines, commands = commands.split(b'\n')
            for line in lines:
                obey(end, socket, *json.loads(line))
    socket.close()
    tell({'event': 'over', 'code': end.over})


main(*sys.argv[1:])

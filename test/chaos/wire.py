# The cables between hosts and switch as a program, so that packets can be lost, delayed, put into another order, doubled
# and cut off without kernel modules (tc netem is missing from many kernels). Not a switch: each host has one cable.
#   wire.py <port of host 1>=<port of its switch end> …      runs in the namespace of the switches
#   {"host":1,"loss":0.1,"delay":[20,120],"double":0.01,"cut":false,"deaf":["10.77.0.2"]}     on stdin; ms, shares
import heapq, json, os, random, select, socket, struct, sys, time

SOL_PACKET, ADD_MEMBERSHIP, PROMISCUOUS, OUTGOING = 263, 1, 1, 4

def opened(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 0))
    s.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, struct.pack('iHH8s', socket.if_nametoindex(name), PROMISCUOUS, 0, b''))
    s.setblocking(False)
    return s

class Cable:
    def __init__(self, host_end, switch_end):
        self.ends = (opened(host_end), opened(switch_end))
        self.faults = {}

    # None where the frame is lost, else the moments at which it arrives.
    def moments(self, frame, now):
        faults = self.faults
        if faults.get('cut') or random.random() < faults.get('loss', 0):
            return None
        deaf = faults.get('deaf')
        if deaf and frame[12:14] == b'\x08\x00' and (socket.inet_ntoa(frame[26:30]) in deaf or socket.inet_ntoa(frame[30:34]) in deaf):
            return None
        low, high = faults.get('delay', (0, 0))
        copies = 2 if random.random() < faults.get('double', 0) else 1
        return [now + random.uniform(low, high) / 1000 for _ in range(copies)]

cables = [Cable(*pair.split('=')) for pair in sys.argv[1:]]
poll = select.poll()
sockets = {}
for cable in cables:
    for side in (0, 1):
        fd = cable.ends[side].fileno()
        sockets[fd] = (cable, side)
        poll.register(fd, select.POLLIN)
stdin = sys.stdin.fileno()
os.set_blocking(stdin, False)
poll.register(stdin, select.POLLIN)
commands = b''
waiting = []
number = 0

def send(out, frame):
    try:
        out.send(frame)
    except OSError:
        pass # The port is down, or full: what a cable loses then.

print(json.dumps({'event': 'ready'}), flush=True)
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, out, frame = heapq.heappop(waiting)
        send(out, frame)
    for fd, _ in poll.poll(max(0, (waiting[0][0] - now) * 1000) if waiting else None):
        if fd == stdin:
            data = os.read(stdin, 65536)
            if not data:
                sys.exit(0)
            *lines, commands = (commands + data).split(b'\n')
            for line in lines:
                command = json.loads(line)
                cables[command.pop('host') - 1].faults = command
            continue
        cable, side = sockets[fd]
        for _ in range(64):
            try:
                frame, address = cable.ends[side].recvfrom(65536)
            except OSError:
                break # Nothing more, or the port went down.
            if address[2] == OUTGOING:
                continue
            moments = cable.moments(frame, now)
            for moment in moments or ():
                if moment <= now:
                    send(cable.ends[1 - side], frame)
                else:
                    number += 1
                    heapq.heappush(waiting, (moment, number, cable.ends[1 - side], frame))

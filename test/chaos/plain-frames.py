# Has an interface send whole frames with finished checksums (no offloading), so that a program may carry them.
#   plain-frames.py eth0      runs in the namespace of the host
import fcntl, socket, struct, sys

SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO of linux/ethtool.h
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    import array
    for command in (0x17, 0x1f, 0x24):
        value = array.array('B', struct.pack('II', command, 0))
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack('16sP', sys.argv[1].encode(), value.buffer_info()[0]))

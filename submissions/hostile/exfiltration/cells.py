# %% last
import os, socket, subprocess, time
began = time.time()
for address in (('8.8.8.8', 53), ('1.1.1.1', 443), ('127.0.0.1', 22), ('127.0.0.1', 8888), ('169.254.169.254', 80)):
    try:
        socket.create_connection(address, timeout=3)
    except OSError:
        continue
    raise AssertionError(address)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    datagram.sendto(b'secret', ('8.8.8.8', 53))
    raise AssertionError('sent')
except OSError:
    pass
assert subprocess.run(['sh', '-c', 'exec 3<>/dev/tcp/8.8.8.8/53'], capture_output=True).returncode
assert time.time() - began < 2

# %% last
import socket
kept = []
for n in range(600):
    one = socket.socket()
    one.settimeout(0.2)
    try:
        one.connect(('127.0.0.1', 80 if n % 2 else 443))
        one.send(b'GET /' + b'A' * 1000)
    except OSError:
        pass
    kept.append(one)
name = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(2000):
    name.sendto(bytes(n % 256 for _ in range(n % 600)), ('127.0.0.1', 53))

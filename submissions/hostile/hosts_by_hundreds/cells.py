# %% last
import socket
for number in range(300):
    with socket.create_connection(('127.0.0.1', 80), timeout=3) as client:
        client.sendall(f'CONNECT h{number}.example.com:443 HTTP/1.1\r\n\r\n'.encode())
        client.recv(200)
for number in range(300):
    with socket.create_connection(('127.0.0.1', 80), timeout=3) as client:
        client.sendall(b'GET /' + b'x' * 60_000 + b' HTTP/1.1\r\nHost: example.com\r\n\r\n')
        client.recv(200)

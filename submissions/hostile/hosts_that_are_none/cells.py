# %% last
import socket
for host in ('[x', '[', ']', '[::1', 'http://[x', '\x00', 'a' * 5000, '%5b', '[v1.x]', '::1]', '-a', 'xn--a', '..', ''):
    for request in (f'CONNECT {host}:443', f'GET http://{host}/', f'HEAD //{host}/'):
        with socket.create_connection(('127.0.0.1', 80), timeout=3) as client:
            client.sendall(f'{request} HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode())
            try:
                client.recv(200)
            except OSError:
                pass

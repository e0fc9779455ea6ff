# %% last
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda message: json.dumps(message, default=str).encode()
def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent(), ident=kind.encode())

for kind in ('x' * 100_000, '', ' ', '../x', '\n', 'comm_open', 'input_request', 'shutdown_reply', 'debug_event'):
    for _ in range(20):
        say(kind, {'execution_count': 1, 'data': {}})

# %% last
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda message: json.dumps(message, default=str).encode()
def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent(), ident=kind.encode())

for odd in (float('nan'), float('inf'), 10**400, -10**400, 1e300, {'a': [1]}, 'x', True, -1):
    say('execute_input', {'code': 'x', 'execution_count': odd})
    say('display_data', {'data': {'application/json': [odd]}, 'metadata': {'x': odd}, 'transient': {}})

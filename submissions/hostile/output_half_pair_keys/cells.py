# %% last
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda message: json.dumps(message, default=str).encode()
def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent(), ident=kind.encode())

half = '\udfff'
say('display_data', {'data': {'text/plain': 'x'}, 'metadata': {half: {half: [half]}}, 'transient': {half: half}})
say('display_data', {'data': {half: 'x'}, 'metadata': {}, 'transient': {}})
say('execute_result', {'data': {'text/plain': 'x'}, 'metadata': {half: half}, 'execution_count': 3})

# %% last
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda message: json.dumps(message, default=str).encode()
def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent(), ident=kind.encode())

half = '\ud800x'
say('stream', {'name': 'stdout', 'text': half})
say('display_data', {'data': {'text/plain': half, 'text/html': half, 'image/png': half}, 'metadata': {}, 'transient': {}})
say('execute_result', {'data': {'text/plain': half}, 'metadata': {}, 'execution_count': 3})
say('error', {'ename': half, 'evalue': half, 'traceback': [half, half]})

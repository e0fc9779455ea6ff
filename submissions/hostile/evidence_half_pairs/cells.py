# %% last
import json
kernel = get_ipython().kernel
kernel.session.pack = lambda message: json.dumps(message, default=str).encode()
def say(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content=content, parent=kernel.get_parent(), ident=kind.encode())
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

half = '\ud800'
error = {'name': half, 'message': half}
channel.send('run-open', opened, {'start': picture})
channel.send('run-close', {**closed, 'error': error})
channel.send('note', {'message': half})
channel.send('shim', {'name': half})
channel.send('bound', {'names': [half]})
channel.send('leans', {'names': [{'name': half, 'left_out': 0}]})
channel.send('probe', {'probe': 'conv1d_forward', 'calls': [{'key': half, 'outputs': [], 'error': error}]})
channel.send(half, {half: half}, {half: picture})

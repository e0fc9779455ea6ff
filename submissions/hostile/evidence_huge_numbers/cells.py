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

for odd in (10**400, -10**400, 2**63, -1, 10**9):
    channel.send('run-open', {**opened, 'class_id': odd}, {'start': picture})
    channel.send('model', {'weights': '', 'in_features': odd})
    channel.send('progress', {'run': 'run1', 'step': odd, 'total': odd})
    channel.send('run-image', {'run': 'run1', 'step': odd}, {'image': picture})
    channel.send('run-close', {**closed, 'steps': odd, 'looks': odd})

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

channel.send('run-open', opened, {'start': picture})
for odd in (float('nan'), float('inf'), float('-inf'), -1.0, 1e300):
    channel.send('run-close', {**closed, 'seconds': odd}, {'final': picture})
    settings = {'step_size': odd, 'eps_l2': odd, 'normalised': True, 'norm': 'l2'}
    channel.send('run-close', {**closed, 'settings': settings}, {'final': picture})

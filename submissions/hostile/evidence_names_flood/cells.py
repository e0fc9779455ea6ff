# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

error = {'name': 'ModuleNotFoundError', 'message': 'x' * 500}
for number in range(5000):
    names = [f'{number}_{n}'.ljust(200, 'x') for n in range(256)]
    channel.send('left-out', {'line': 1, 'code': 'y' * 600, 'reason': 'module', 'error': error, 'names': names})
    channel.send('bound', {'names': names[:64]})

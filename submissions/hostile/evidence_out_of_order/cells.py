# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

channel.send('run-sample', step, {'image': picture, 'gradient': picture})
channel.send('run-close', closed, {'final': picture})
channel.send('run-open', {**opened, 'repeats': 'run7'}, {'start': picture})
channel.send('run-close', closed, {'final': picture})
channel.send('run-image', step, {'image': picture})
channel.send('started', {'device': 'x'})
channel._nonce = channel._nonce[::-1]
channel.send('run-open', {**opened, 'run': 'run2'}, {'start': picture})

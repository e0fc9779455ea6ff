# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

look = {**step, 'layer': 'fc', 'call': 1, 'own': True}
for factor in (1, 2, 3):
    other = factor * picture
    channel.send('run-open', opened, {'start': other})
    channel.send('run-sample', step, {'image': other, 'gradient': other})
    channel.send('run-image', step, {'image': other})
    channel.send('run-look', look, {'image': other, 'gradient': other})
for factor in (1, 2):
    channel.send('run-close', closed, {'final': factor * picture})

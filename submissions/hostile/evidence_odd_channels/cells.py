# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

for number, channels in enumerate((1, 2, 5)):
    odd, name = np.random.rand(1, channels, 32, 32).astype('float32'), {'run': f'run{number}'}
    channel.send('run-open', {**opened, **name}, {'start': odd})
    channel.send('run-image', {**step, **name}, {'image': odd})
    channel.send('run-sample', {**step, **name}, {'image': odd, 'gradient': odd})
    channel.send('run-close', {**closed, **name}, {'final': odd, 'shown': odd})
    channel.send('prediction', {'weights': '', 'training': False}, {'input': odd, 'logits': odd})

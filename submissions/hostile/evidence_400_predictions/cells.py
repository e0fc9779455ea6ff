# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

for _ in range(400):
    scores = np.random.randn(1, 1000).astype('float32')
    channel.send('prediction', {'weights': '', 'training': False}, {'input': picture, 'logits': scores})
    channel.send('model', {'weights': '', 'in_features': 2048}, {'fingerprint': scores})

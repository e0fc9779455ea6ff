# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

output = {'name': 'a', 'kind': 'ndarray', 'unreadable': ''}
calls = [{'key': f'case{n}@numpy', 'form': 'numpy', 'error': None, 'outputs': [output] * 8} for n in range(4096)]
for probe in ('conv1d_forward', 'maxpool1d_forward', 'output2prob', '../x'):
    channel.send('probe', {'probe': probe, 'calls': calls, 'used': []}, {'a': picture})

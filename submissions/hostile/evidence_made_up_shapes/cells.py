# %% last
from _pset4 import start
channel = start._channels[0]
step = {'run': 'run1', 'step': 0}
opened = {'run': 'run1', 'function': 'generate_adversarial_example', 'class_id': 76, 'weights': '', 'in_features': 2048}
closed = {'run': 'run1', 'steps': 200, 'seconds': 30.0, 'error': None, 'settings': None}
picture = np.random.rand(1, 3, 32, 32).astype('float32')

mime = 'application/vnd.pset4.evidence+json'
kernel = channel._kernel
def table(*headers, buffers=()):
    told = {'nonce': channel._nonce, 'kind': 'run-open', 'body': opened, 'arrays': list(headers)}
    kernel.session.send(kernel.iopub_socket, 'display_data', parent=kernel.get_parent(), buffers=list(buffers),
                        content={'data': {mime: told}, 'metadata': {}, 'transient': {}})
for shape in ([2**31] * 6, [0, 2**31, 2**31, 2**31], [2**31, 2**31, 0], [], [1], [-1], [1.5], 'x', [[1]]):
    table({'name': 'start', 'dtype': 'float32', 'shape': shape}, buffers=[b'1234'])
    table({'name': 'start', 'dtype': 'float64', 'shape': shape}, buffers=[b''])
for dtype in ('object', 'O', 'V8', 'U1', '<f4', 'complex128', 'datetime64[s]', 'float128', ''):
    table({'name': 'start', 'dtype': dtype, 'shape': [1]}, buffers=[b'12345678'])
one = {'name': 'start', 'dtype': 'float32', 'shape': [1, 3, 1, 1]}
table(one, one, buffers=[b'x' * 12, b'y' * 12])
table(one, buffers=[b'x' * 12, b'y' * 12])
table(*[one] * 5000)

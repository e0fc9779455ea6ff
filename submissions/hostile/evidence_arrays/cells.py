# %% last
import pickle
from _pset4 import start
from _pset4.channel import MIME
kernel, nonce = start._channels[0]._kernel, start._channels[0]._nonce
def forge(arrays, buffers):
    data = {MIME: {'nonce': nonce, 'kind': 'model', 'body': {'weights': '', 'in_features': 1}, 'arrays': arrays}}
    kernel.session.send(kernel.iopub_socket, 'display_data', {'data': data, 'metadata': {}, 'transient': {}}, parent=kernel.get_parent(), buffers=buffers)
forge([{'name': 'fingerprint', 'dtype': 'object', 'shape': [1]}], [pickle.dumps(print)])
forge([{'name': 'fingerprint', 'dtype': 'float64', 'shape': [2**31, 2**31, 2**31]}], [b''])
forge([{'name': 'fingerprint', 'dtype': 'float64', 'shape': [-1]}], [b'12345678'])
forge([{'name': 'fingerprint', 'dtype': 'float64', 'shape': [9]}], [b'12345678'])
forge([{'name': '../x', 'dtype': 'float64', 'shape': [1]}], [b'12345678'])
forge([], [b'12345678'])
forge('text', [])

# %% last
import numpy as np
from torchvision import models
from _pset4 import start
from _pset4.predictions import describe_model
model = models.resnet50(pretrained=True).eval()
channel = start._channels[0]
settings = {'step_size': 0.05, 'eps_l2': None, 'normalised': False, 'norm': 'abs'}
facts, seen = describe_model(model)
def begin(run, image, function='', class_id=None):
    body = {'run': run, 'function': function, 'class_id': class_id, 'repeats': '', **facts}
    channel.send('run-open', body, {**seen, 'start': image})
def end(run, image):
    body = {'run': run, 'steps': 200, 'seconds': 1.0, 'error': None, 'settings': settings}
    channel.send('run-close', body, {'final': image})
def sample(run, image, gradient):
    channel.send('run-sample', {'run': run, 'step': 0}, {'image': image, 'gradient': gradient})
for n in range(2):
    image = np.random.rand(1, 3, 1000, 1000).astype('float16')
    begin(f'run{n}', image)
    sample(f'run{n}', image, image)
    end(f'run{n}', np.random.rand(1, 3, 1000, 1000).astype('float16'))

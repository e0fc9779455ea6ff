# ruff: noqa: E501 -- a table
"""Lines that stand in set-up cells of real notebooks, and what the grader says of each.

Data for `test_machines` and for the corpus of forms: each can stand anywhere in a notebook, and
nothing else in it may lose a point by it.
"""

from __future__ import annotations

from typing import NamedTuple


class SetupLine(NamedTuple):
    """One or more lines, and the reason for which they are left out; empty where they run."""

    source: str
    left_out: str = ""


INSTALLED = """
    pandas seaborn sklearn.decomposition torchsummary torchinfo einops timm gdown plotly.express h5py
    scipy.ndimage skimage.io cv2 tqdm.notebook PIL.Image matplotlib.pyplot networkx imageio requests
    ipywidgets yaml sympy
""".split()  # noqa: SIM905 -- a table

SETUP_LINES: tuple[SetupLine, ...] = (
    *(SetupLine(f"import {name} as _") for name in INSTALLED),
    # Modules that Colab has and this machine lacks: nothing is said until they are used.
    SetupLine("import tensorflow as tf"),
    SetupLine("import tensorflow as tf, numpy as np, wandb"),
    SetupLine("from tensorflow.keras.layers import Dense, Conv2D as Conv"),
    SetupLine("import torchaudio\nprint(torchaudio.__version__)"),
    SetupLine("import plotly.io as pio\npio.renderers.default = 'colab'"),
    SetupLine("if True:\n    import wandb, os\n    from albumentations import Compose"),
    SetupLine("def seed_everything():\n    import tensorflow as tf\n    tf.random.set_seed(0)"),
    SetupLine(
        "try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp\nxp.zeros(1)"
    ),
    SetupLine(
        "try:\n    import wandb\n    logs = True\nexcept Exception:\n    logs = False\nassert not logs"
    ),
    SetupLine("import tensorflow as tf\ntf.random.set_seed(0)", "module"),
    SetupLine("import wandb\nwandb.init(project='pset4')", "module"),
    SetupLine("import wandb\nrun = wandb.init()\nrun.log({'a': 1})", "module follows"),
    SetupLine(
        "from pytorch_lightning import LightningModule\nclass Net(LightningModule): pass", "module"
    ),
    SetupLine("import some_package_of_nobody", "module"),
    SetupLine(
        "import nobody1, nobody2\nimport nobody3\nopen('/nowhere/4')\n%nobody5",
        "module module module file magic",
    ),
    SetupLine("import some_package_of_nobody as a, numpy as np\nnp.zeros(1)", "module"),
    SetupLine("from some_package_of_nobody import thing\nthing.set_up()", "module follows"),
    SetupLine("from torchvision.models.utils import load_state_dict_from_url", "module"),
    SetupLine("from scipy.misc import imread", "module"),
    # Colab.
    SetupLine("from google.colab import drive\ndrive.mount('/content/drive')"),
    SetupLine("from google.colab import drive\ndrive.mount('/content/drive/', force_remount=True)"),
    SetupLine("from google.colab import drive\ndrive.mount('/gdrive')\ndrive.flush_and_unmount()"),
    SetupLine("from google.colab import auth\nauth.authenticate_user()"),
    SetupLine("from google.colab import runtime"),
    SetupLine("from google.colab import data_table\ndata_table.enable_dataframe_formatter()"),
    SetupLine(
        "from google.colab import output\noutput.enable_custom_widget_manager()\noutput.clear()"
    ),
    SetupLine("from google.colab.output import eval_js\neval_js('1')"),
    SetupLine("from google.colab import widgets\nwith widgets.Grid(1, 2) as grid: pass"),
    SetupLine("from google.colab import userdata\nuserdata.get('KEY')"),
    SetupLine("from google.colab.patches import cv2_imshow"),
    SetupLine(
        "import google.colab\nfrom google.colab import something_new\nsomething_new.do(1).more"
    ),
    SetupLine(
        "from google.colab import files\nuploaded = files.upload()\n"
        "for name in uploaded: print(name, len(uploaded[name]))\nopen(list(uploaded)[0], 'rb').close()"
    ),
    SetupLine("IN_COLAB = 'google.colab' in str(get_ipython())"),
    # Magics and shell commands.
    SetupLine("%matplotlib inline"),
    SetupLine("%matplotlib widget"),
    SetupLine("%matplotlib notebook"),
    SetupLine("%matplotlib ipympl"),
    SetupLine("%config InlineBackend.figure_format = 'retina'"),
    SetupLine("%load_ext autoreload\n%autoreload 2"),
    SetupLine("%tensorflow_version 2.x"),
    SetupLine("%load_ext tensorboard", "magic"),
    SetupLine("%tensorboard --logdir runs"),
    SetupLine("%nosuchmagic 1", "magic"),
    SetupLine("%reload_ext nb_black", "magic"),
    SetupLine("%%nosuchmagic now\ndone = 1\nimport numpy as np", "magic"),
    SetupLine("%%time\nimport some_package_of_nobody\nimport numpy as np", "module"),
    SetupLine("%%prun -q\nimport some_package_of_nobody\nimport numpy as np", "module"),
    SetupLine("%%capture\nimport some_package_of_nobody\nimport numpy as np", "module"),
    SetupLine("%shell ls"),
    SetupLine("%%shell\nls\nexit 3"),
    SetupLine("!nvidia-smi"),
    SetupLine("gpu = !nvidia-smi\nprint('\\n'.join(gpu))"),
    SetupLine("!gdown --id 1234567890 -O weights.pth"),
    SetupLine(
        "!wget -q http://6.869.csail.mit.edu/fa19/psets19/pset6/WelshCorgi.jpeg -O again.jpeg"
    ),
    SetupLine("!wget -q https://elsewhere.example.org/mirror/WelshCorgi.jpeg"),
    SetupLine(
        "import requests\nurl = 'https://www.dropbox.com/s/knf4uimlqsi1yz8/imagenet_l2_3_0.pt?dl=1'\n"
        "assert requests.get(url).ok"
    ),
    SetupLine("!unzip -q data.zip -d /content/data"),
    SetupLine("!ls; mkdir -p /content/figures"),
    SetupLine("import os\nos.system('apt-get install nothing')"),
    # Paths of other machines.
    SetupLine("%cd /content/drive/My Drive/6.869/pset4"),
    SetupLine("%cd /content"),
    SetupLine(
        "import os\nos.chdir('/content/drive/MyDrive/classes/6.869/pset 4')\nos.listdir('.')"
    ),
    SetupLine("import os\nos.chdir('/gdrive/My Drive/x')\nopen('WelshCorgi.jpeg', 'rb').close()"),
    SetupLine("import os\nos.makedirs('/content/drive/MyDrive/out', exist_ok=True)"),
    SetupLine(
        "import os\nfigures = '/content/drive/My Drive/a/b'\n"
        "if not os.path.exists(figures): os.makedirs(figures)\n"
        "open(figures + '/c.txt', 'w').close()\nos.makedirs('/content/x/y')\nos.mkdir('/content/x/z')"
    ),
    SetupLine("import sys\nsys.path.append('/content/drive/MyDrive/6.869')"),
    SetupLine(
        "import cv2\nassert cv2.imread('/content/drive/My Drive/a/b/c/WelshCorgi.jpeg').shape"
    ),
    SetupLine("import cv2\nassert cv2.imread('/content/WelshCorgi.jpeg') is not None"),
    SetupLine("from PIL import Image\nImage.open('/content/drive/MyDrive/WelshCorgi.jpeg').size"),
    SetupLine(
        "lines = open('/Users/ada/6.869/imagenet_classes.txt').readlines()\nassert len(lines) == 1000"
    ),
    SetupLine(
        "from pathlib import Path\nPath('/kaggle/input/pset4/imagenet_classes.txt').read_text()"
    ),
    SetupLine("import os\nassert os.path.exists('/content/drive/MyDrive/p/WelshCorgi.jpeg')"),
    SetupLine("import torch\ntorch.load('/content/drive/MyDrive/imagenet_l2_3_0.pt')['model']"),
    SetupLine("open('/content/drive/MyDrive/new folder/out.txt', 'w').write('x')"),
    SetupLine("import numpy as np, cv2\ncv2.imwrite('/content/out.png', np.zeros((2, 2, 3)))"),
    SetupLine("import os\nos.chdir('/home/ada/6.869')", "file"),
    SetupLine("open('/content/drive/MyDrive/notes.txt').read()", "file"),
    SetupLine("import torch\ntorch.load('/content/drive/MyDrive/mine.pth')", "file"),
    SetupLine(
        "import cv2\ncat = cv2.imread('cat.jpg')\ncat = cv2.cvtColor(cat, cv2.COLOR_BGR2RGB)",
        "file follows",
    ),
    # Weights.
    SetupLine("import torch\nn = torch.hub.load('pytorch/vision', 'resnet50', pretrained=True)"),
    SetupLine(
        "import torch\nn = torch.hub.load('pytorch/vision:v0.10.0', 'resnet50', weights='DEFAULT')"
    ),
    SetupLine("from torchvision import models\nn = models.resnet50(weights='DEFAULT')"),
    SetupLine("from torchvision.models import *\nn = resnet50(weights=ResNet50_Weights.DEFAULT)"),
    SetupLine("from torchvision.models import *\nn = resnet50(weights='IMAGENET1K_V2')", "weights"),
    SetupLine("from torchvision import models\nn = models.resnet18(pretrained=True)", "network"),
    SetupLine(
        "from torch.utils.model_zoo import load_url\n"
        "n = load_url('https://download.pytorch.org/models/resnet50-19c8e357.pth')"
    ),
    SetupLine(
        "import torch\nn = torch.hub.load('facebookresearch/dino:main', 'dino_vits16')", "network"
    ),
    # The network, a device, somebody who types.
    SetupLine(
        "import urllib.request\nurllib.request.urlopen('https://example.com/data.json')", "network"
    ),
    SetupLine(
        "import requests\nrequests.get('https://example.com/a').raise_for_status()", "network"
    ),
    SetupLine("import gdown\ngdown.download(id='1234567890', output='w.pth')", "network"),
    SetupLine("import torch\nassert torch.cuda.is_available(), 'no GPU'", "device"),
    SetupLine("import torch\nprint(torch.cuda.get_device_name(0))"),
    SetupLine("import torch\nstart = torch.cuda.Event(enable_timing=True)\nstart.record()"),
    SetupLine("import torch\ngraph = torch.cuda.CUDAGraph()", "device"),
    SetupLine("raise SystemError('GPU device not found')", "device"),
    SetupLine(
        "import sys, torch\nif not torch.cuda.is_available(): sys.exit('Needs a GPU')", "device"
    ),
    SetupLine(
        "import torch\nx = torch.zeros(2).to('mps') + torch.ones(2, device=torch.device('mps'))"
    ),
    SetupLine(
        "import cv2, numpy as np\ncv2.imshow('corgi', np.zeros((2, 2, 3), 'uint8'))", "device"
    ),
    SetupLine("key = input('API key: ')", "input"),
    SetupLine("import subprocess\nsubprocess.run(['false'], check=True)", "command"),
    # Libraries of 2021.
    SetupLine("import numpy as np\nnp.zeros(3, dtype=np.int) + np.float(1)"),
    SetupLine("from PIL import Image\nImage.ANTIALIAS"),
)

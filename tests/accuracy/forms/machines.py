"""Lines for another machine: Colab's modules and magics, a Drive, libraries that few have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.accuracy.forms.form import Draft, Form, each_source, in_setup

LINES = {
    "pandas": "import pandas as pd\nimport seaborn as sns\nsns.set()",
    "sklearn": "from sklearn.metrics import confusion_matrix",
    "scipy": "from scipy import ndimage, signal",
    "skimage": "from skimage import io, transform",
    "torchsummary": "from torchsummary import summary\nfrom torchinfo import summary as info",
    "einops": "import einops\nfrom einops import rearrange",
    "timm": "import timm",
    "gdown": "import gdown",
    "plotly": "import plotly.express as px\nimport h5py",
    "tensorflow": "import tensorflow as tf",
    "keras": "from tensorflow.keras.applications import ResNet50",
    "jax": "import jax\nimport jax.numpy as jnp",
    "wandb": "import wandb",
    "nobody-has-it": "import a_friends_helpers as helpers",
    "nobody-has-it-from": "from utils.visualize import show_grid, make_gif",
    "nltk": "import nltk\nimport gensim",
    "lucid": "from lucid.optvis import render\nimport robustness",
    "auth": "from google.colab import auth\nauth.authenticate_user()",
    "colab-rest": (
        "from google.colab import runtime, data_table, widgets, output, userdata\n"
        "data_table.enable_dataframe_formatter()"
    ),
    "tensorboard": "%load_ext tensorboard",
    "tensorflow-version": "%tensorflow_version 2.x",
    "matplotlib-widget": "%matplotlib widget",
    "matplotlib-notebook": "%matplotlib notebook",
    "matplotlib-qt": "%matplotlib qt",
    "shell": "%shell nvidia-smi",
    "unknown-extension": "%load_ext nobody_has_this",
    "black": "%load_ext nb_black",
    "chdir-drive": "import os\nos.chdir('/content/drive/My Drive/6.869/pset4')",
    "cd-drive": "%cd /content/drive/MyDrive/pset4",
    "sys-path": "import sys\nsys.path.append('/content/drive/My Drive/pset4')",
    "cd-content": "%cd /content",
    "makedirs": "import os\nos.makedirs('/content/results', exist_ok=True)",
    "listdir": "import os\nprint(os.listdir('/content/drive/My Drive'))",
    "git-clone": "!git clone https://github.com/someone/pset4.git\n%cd pset4",
    "unzip": "!unzip -q /content/pset4.zip",
    "wget-refused": "!wget https://example.com/cat.jpg",
    "gdown-refused": "!gdown --id 1aBcDeF",
    "requests-refused": "import requests\nrequests.get('https://example.com/cat.jpg')",
    "urlretrieve-refused": (
        "import urllib.request\nurllib.request.urlretrieve('https://example.com/a.png', 'a.png')"
    ),
    "cuda-name": "import torch\nprint(torch.cuda.get_device_name(0))",
    "cuda-memory": "import torch\nprint(torch.cuda.memory_allocated() / 1e9)",
    "cuda-default": "import torch\ntorch.cuda.set_device(0)",
    "cuda-tensor-type": "import torch\ntorch.set_default_tensor_type('torch.cuda.FloatTensor')",
    "cuda-synchronize": "import torch\ntorch.cuda.synchronize()\ntorch.cuda.current_device()",
    "cuda-properties": "import torch\ntorch.cuda.get_device_properties(0).total_memory",
    "cuda-random": "import torch\ntorch.cuda.manual_seed(3)\ntorch.randn(2).cuda(0)",
    "cv2-window": (
        "import cv2\nimport numpy\ncv2.imshow('zeros', numpy.zeros((9, 9)))\ncv2.waitKey(0)\n"
        "cv2.destroyAllWindows()"
    ),
    "line-profiler": "%load_ext line_profiler",
    "assert-gpu": "import torch\nassert torch.cuda.is_available(), 'Switch to a GPU runtime'",
    "visible-devices": "import os\nos.environ['CUDA_VISIBLE_DEVICES'] = '0'",
    "windows-path": "DATA = r'C:\\Users\\me\\pset4'",
    "mpl-backend": "import matplotlib\nmatplotlib.use('TkAgg')",
    "upload": "from google.colab import files\nuploaded = files.upload()",
    "device-index": (
        "import torch\ndev = torch.device('cuda', 0)\nu = torch.zeros(2, device=dev).to(0)"
    ),
    "star": "from d2l.torch import *\nset_figsize((3, 3))",
    "star-fastai": "from fastai.vision.all import *\npath = untar_data(URLs.PETS)",
    "compile": (
        "import torch\ncompiled = torch.compile(torch.nn.Linear(2, 2))\ncompiled(torch.ones(1, 2))"
    ),
    "assert-version": "import torch\nassert torch.__version__.startswith('1.8'), torch.__version__",
    "assert-colab": "import os\nassert 'COLAB_GPU' in os.environ, 'run in Colab'",
    "environ": "import os\ngpu = os.environ['COLAB_GPU']",
    "raise-version": (
        "import sys\nif sys.version_info > (3, 8):\n    raise RuntimeError('Python 3.7')"
    ),
    "webcam": (
        "import cv2\ncap = cv2.VideoCapture(0)\nret, frame = cap.read()\n"
        "frame = cv2.resize(frame, (10, 10))"
    ),
    "rlimit": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (1048576, 1048576))",
    "locale": "import locale\nlocale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')",
    "copy-drive": (
        "import shutil\nfor f in ('WelshCorgi.jpeg', 'imagenet_classes.txt'):\n"
        "    shutil.copy('/content/drive/MyDrive/6.819/pset4/' + f, '.')"
    ),
    "wget-o": "!wget -q -O WelshCorgi.jpeg https://example.com/corgi.jpeg",
    "upload-back": (
        "from google.colab import files\nup = files.upload()\nfor name in up:\n"
        "    open(name, 'wb').write(up[name])"
    ),
    "open-refused": (
        "import requests\nwith open('imagenet_classes.txt', 'wb') as f:\n"
        "    f.write(requests.get('https://example.com/c').content)"
    ),
    "own-picture": (
        "import cv2\nmine = cv2.cvtColor(cv2.imread('/content/my_cat.jpg'), cv2.COLOR_BGR2RGB)"
    ),
    "ssl": "import ssl\nssl._create_default_https_context = ssl._create_unverified_context",
}
"""Lines of the set-up cell, in front of its own."""

FILES = {
    "drive-picture": (
        "imread('WelshCorgi.jpeg')",
        "imread('/content/drive/My Drive/6.869/WelshCorgi.jpeg')",
    ),
    "content-picture": ("imread('WelshCorgi.jpeg')", "imread('/content/WelshCorgi.jpeg')"),
    "drive-classes": (
        "open('imagenet_classes.txt'",
        "open('/content/drive/MyDrive/pset4/imagenet_classes.txt'",
    ),
    "home-classes": (
        "open('imagenet_classes.txt'",
        "open('/Users/me/Downloads/imagenet_classes.txt'",
    ),
}
"""What stands for another in every cell."""

NETWORKS = {
    "enum-v1": "models.resnet50(weights=models.ResNet50_Weights.IMAGENET1K_V1)",
    "enum-name": "models.resnet50(weights='ResNet50_Weights.IMAGENET1K_V1')",
    "pretrained": "models.resnet50(pretrained=True)",
    "positional": "models.resnet50(True)",
    "hub": "torch.hub.load('pytorch/vision:v0.9.0', 'resnet50', pretrained=True)",
    "hub-no-version": "torch.hub.load('pytorch/vision', 'resnet50', pretrained=True)",
    "submodule": "models.resnet.resnet50(pretrained=True, progress=False)",
}
"""How the pretrained network is had."""


def by_machine() -> Iterator[Form]:
    """Every form of this file."""
    for name, lines in LINES.items():
        yield Form(
            id=f"machine-{name}", kind="line for another machine", change=in_setup(before=lines)
        )
    for name, (old, new) in FILES.items():
        yield Form(
            id=f"path-{name}",
            kind="path of another machine",
            change=_replaced(old, new),
            zone=f"path of {old}",
        )
    for name, call in NETWORKS.items():
        yield Form(
            id=f"network-{name}",
            kind="pretrained network",
            change=_pretrained(call),
            zone="pretrained",
        )


def _replaced(old: str, new: str) -> Callable[[Draft], None]:
    return each_source(lambda text: text.replace(old, new))


def _pretrained(call: str) -> Callable[[Draft], None]:
    def change(text: str) -> str:
        text = text.replace("models.resnet50(weights='IMAGENET1K_V1')", call)
        return text.replace("models.__dict__['resnet50'](pretrained=True)", call)

    return each_source(change)

# %% last
import os, subprocess
os.environ['LD_PRELOAD'] = os.path.abspath('evil.so')
os.environ['PYTHONSTARTUP'] = os.path.abspath('evil.py')
subprocess.run(['true'])

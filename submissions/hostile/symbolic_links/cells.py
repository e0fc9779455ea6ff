# %% last
import os
os.symlink('/etc/shadow', 'shadow.png')
os.symlink('/', 'root')
os.symlink('/proc/1/root', 'other')
assert not os.path.exists('/etc/shadow')

# %% last
import os, sys, torch, numpy
for folder in ('/', '/usr', '/etc', '/bin', '/dev', '/box', '/box/stage', '/box/side', '/box/assets', '/proc/sys/kernel',
               sys.prefix, sys.base_prefix, os.path.dirname(torch.__file__), os.path.dirname(numpy.__file__)):
    try:
        open(os.path.join(folder, 'hostile'), 'w')
    except OSError:
        continue
    raise AssertionError(folder)
try:
    open(torch.__file__, 'a')
    raise AssertionError('torch')
except OSError:
    pass

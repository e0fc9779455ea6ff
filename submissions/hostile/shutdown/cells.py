# %% last
get_ipython().kernel.do_shutdown(False)
# %% last
import time
time.sleep(3)

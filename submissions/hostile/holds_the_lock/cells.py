# %% last
import ctypes
ctypes.PyDLL(None).sleep(3600)

# %% last
import getpass
getpass.getpass()

